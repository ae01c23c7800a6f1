import { z } from 'zod'
import { table } from '../markdown.ts'
import type { KeeperCommand } from './hive-api.ts'

const Errors = z.object({
  items: z.array(z.object({
    operation: z.string(),
    lifetime: z.object({ failuresByCode: z.record(z.string(), z.number()), recoveryRate: z.number().nullable() }),
  })),
})

/** `/errors` */
export const errors: KeeperCommand = hive => ({
  name: 'errors',
  description: 'Tells what went wrong, how often, and how often recovering helped.',
  run: async (_, { signal }) => {
    const { items } = await hive.get('/api/errors', Errors, signal)
    const rows = items.flatMap(({ operation, lifetime: { failuresByCode, recoveryRate } }) =>
      Object.entries(failuresByCode).map(([code, times]) => [operation, code, String(times), recoveryRate === null ? '' : `${Math.round(recoveryRate * 100)} %`]))
    return rows.length === 0 ? 'Nothing has gone wrong since the hive started.' : table(['Where', 'What', 'Times', 'Recovered'], rows)
  },
})
