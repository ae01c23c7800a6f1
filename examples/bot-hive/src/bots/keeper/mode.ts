import type { z } from 'zod'
import { duration, plain } from '../markdown.ts'
import type { KeeperCommand } from './hive-api.ts'
import { Mode, readHealth } from './read-health.ts'

/** `/mode`, `/mode auto`, `/mode <mode> <minutes> <reason>` */
export const mode: KeeperCommand = hive => ({
  name: 'mode',
  description: 'Tells or sets what the hive does without.',
  hint: '[<mode> <minutes> <reason> | auto]',
  run: async (argument, { signal }) => {
    if (argument === '') return tell((await readHealth(hive, signal)).mode)
    if (argument === 'auto') return tell(await hive.send('DELETE', '/api/mode', undefined, Mode, signal))
    const [, wanted, minutes, reason] = /^(\S+)\s+(\d+)\s+(\S[^]*)$/.exec(argument) ?? []
    if (!wanted) return 'For example `/mode maintenance 10 moving the disk`, or `/mode auto` to go by the score again.'
    return tell(await hive.send('PUT', '/api/mode', { mode: wanted, forMs: Number(minutes) * 60_000, reason }, Mode, signal))
  },
})

const tell = ({ mode: now, off, since, reason, causes, override }: z.infer<typeof Mode>) => [
  `The hive is in mode **${plain(now)}**${since === null ? '' : `, for ${duration(Date.now() - since)} now`}. ${plain(reason)}`,
  off.length > 0 ? `Switched off: ${off.map(plain).join(', ')}.` : 'Nothing is switched off.',
  ...causes.map(({ name, mode: wanted }) => `- ${plain(name)} asks for ${plain(wanted)}`),
  ...(override ? [`It stays so for ${duration(override.until - Date.now())}, or until \`/mode auto\`.`] : []),
].join('\n')
