import { duration, plain } from '../markdown.ts'
import type { KeeperCommand } from './hive-api.ts'
import { readHealth } from './read-health.ts'

type Health = Awaited<ReturnType<typeof readHealth>>

/** `/health`, `/health why`, `/health trend` */
export const health: KeeperCommand = hive => ({
  name: 'health',
  description: 'Tells how well the hive is, why, and where that is going.',
  hint: '[why | trend]',
  run: async (argument, { signal }) => {
    const tell = { '': inShort, 'why': inFull, 'trend': trendOf }[argument.toLowerCase()]
    return tell ? tell(await readHealth(hive, signal)) : 'I know `/health`, `/health why` and `/health trend`.'
  },
})

const inShort = ({ ready, score, grade, confidence, gate, bots, mode, alerts }: Health) => [
  `The hive is **${ready ? 'ready' : 'not ready'}** and **${plain(grade)}**: ${score === null ? 'nothing is known' : `${round(score)} of 100`}, ${Math.round(confidence * 100)} % known.`,
  ...(gate === null ? [] : [`Capped: ${plain(gate)}.`]),
  `${bots.ready} of ${bots.expected} bots can answer. Mode: ${plain(mode.mode)}.`,
  ...alerts.map(({ rule, severity, since }) => `- ${plain(severity)}: ${plain(rule)}, for ${duration(Date.now() - since)}`),
].join('\n')

const inFull = ({ why }: Health) => why.map(line => `- ${plain(line)}`).join('\n')

const trendOf = ({ trend: { points, level, direction, slopePerHour, shift, criticalIn } }: Health) => {
  if (level === null) return 'Nothing was scored yet.'
  return [
    `The score is **${plain(direction)}**, about ${round(level)} now${direction === 'steady' ? '' : `, by ${round(slopePerHour)} an hour`} (${points} points).`,
    ...(shift ? [`It went ${plain(shift.direction)} from ${round(shift.before)} to ${round(shift.after)} ${duration(Date.now() - shift.at)} ago.`] : []),
    ...(criticalIn && criticalIn.ms > 0
      ? [`It will be critical in about ${duration(criticalIn.ms)} (${duration(criticalIn.earliestMs)} to ${criticalIn.latestMs === null ? 'never' : duration(criticalIn.latestMs)}).`]
      : []),
  ].join('\n')
}

const round = (value: number) => Number(value.toFixed(1))
