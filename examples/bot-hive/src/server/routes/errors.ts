import { z } from 'zod'
import type { Hive } from '../../hive/hive.ts'
import { problems } from '../schemas.ts'
import type { Api } from './api.ts'

const count = z.number()
const Counts = z.object({
  runs: count, attempts: count, succeeded: count, recoveredByRetry: count, recoveredByHedge: count, recoveredByFallback: count,
  recoveredByDegrade: count, gaveUp: count, failed: count, cancelled: count, refusedByBreaker: count, budgetExhausted: count,
  failuresByCode: z.record(z.string(), count),
  failuresByKind: z.record(z.string(), count),
  recoveryRate: z.number().nullable().meta({ description: 'Of the runs that met trouble, the part that ended well; null when there were none.' }),
})
const Operation = z.object({
  operation: z.string().meta({ description: 'What was tried: `http`, `readiness`, `reply of <bot>`.' }),
  lifetime: Counts,
  windows: z.record(z.string(), Counts).meta({ description: 'The last so many milliseconds, by that number.' }),
})

/** How often each error occurs, and how often recovering succeeded. */
export const errorRoutes = (api: Api, hive: Hive) => {
  api.get('/api/errors', {
    schema: { tags: ['errors'], summary: 'Says how often each error occurs, and how often recovering succeeded.', response: { 200: z.object({ items: z.array(Operation) }), ...problems } },
  }, async () => {
    const { operations } = hive.errors.metrics.snapshot()
    return { items: operations.map(({ operation, lifetime, windows }) => ({ operation, lifetime: known(lifetime), windows: Object.fromEntries(Object.entries(windows).map(([ms, counts]) => [ms, known(counts)])) })) }
  })
}

type Counted = z.infer<typeof Counts>
/** Codes and kinds that never occurred are left out, so what is there is a number. */
const known = ({ failuresByCode, failuresByKind, ...rest }: Omit<Counted, 'failuresByCode' | 'failuresByKind'> & {
  readonly failuresByCode: Readonly<Record<string, number | undefined>>; readonly failuresByKind: Readonly<Record<string, number | undefined>>
}): Counted => ({ ...rest, failuresByCode: { ...failuresByCode } as Record<string, number>, failuresByKind: { ...failuresByKind } as Record<string, number> })
