import type { BackupRecord } from '@hivekit/backup-rotation'
import { z } from 'zod'
import type { Hive } from '../../hive/hive.ts'
import { unwrap } from '../problems.ts'
import { listOf, problems } from '../schemas.ts'
import type { Api } from './api.ts'

/** A backup, and what is known of its soundness. */
export const Backup = z.object({
  id: z.string(),
  createdAt: z.number(),
  sources: z.array(z.string()).meta({ description: 'What it holds, by the names they have in it.' }),
  bytes: z.number().meta({ description: 'Restored.' }),
  storedBytes: z.number().meta({ description: 'Packed.' }),
  state: z.enum(['committed', 'verified', 'suspect', 'corrupt']).meta({ description: 'verified: every byte was read back and matched.' }),
  verifiedAt: z.number().optional(),
  finding: z.string().optional().meta({ description: 'What is wrong with it.' }),
  anomalies: z.array(z.string()).meta({ description: 'Why it is unlike those before; none is removed until a person approves it.' }),
}).meta({ id: 'Backup' })

const Params = z.object({ backupId: z.string().max(200) })

/** Backups of messages and configuration. */
export const backupRoutes = (api: Api, hive: Hive) => {
  api.get('/api/backups', { schema: { tags: ['backups'], summary: 'Lists the backups, the newest first.', response: { 200: listOf(Backup), ...problems } } },
    async () => ({ items: unwrap(await hive.backups.list()).map(asBackup) }))

  api.post('/api/backups', {
    schema: { tags: ['backups'], summary: 'Makes a backup and answers it, verified. One that is being made already is answered.', response: { 201: Backup, ...problems } },
  }, async (_, reply) => {
    const made = unwrap(await hive.backups.make())
    reply.code(201)
    return asBackup(made)
  })

  api.post('/api/backups/:backupId/verify', {
    schema: { tags: ['backups'], summary: 'Reads every byte of a backup and says whether it is whole.', params: Params, response: { 200: Backup, ...problems } },
  }, async ({ params: { backupId } }) => asBackup(unwrap(await hive.backups.verify(backupId))))
}

const asBackup = ({ id, createdAt, sources, bytes, payload, anomalies, verification: { state, verifiedAt, finding } }: BackupRecord) => ({
  id, createdAt, sources: sources.map(({ as }) => as), bytes, storedBytes: payload.bytes, state, anomalies: [...anomalies],
  ...(verifiedAt === undefined ? {} : { verifiedAt }), ...(finding === undefined ? {} : { finding }),
})
