import { fromProblemDetails } from '@hivekit/errors'
import { plain } from '../markdown.ts'
import type { KeeperCommand } from './hive-api.ts'

/** `/health` */
export const health: KeeperCommand = hive => ({
  name: 'health',
  description: 'Tells whether the hive can do its work.',
  run: async (_, { signal }) => {
    const began = performance.now()
    const { status, body } = await hive.text('/readyz', signal)
    const took = `${(performance.now() - began).toFixed(1)} ms`
    if (status === 200) return `The hive is **ready**; it said so within ${took}.`
    return `The hive is **not ready** (${status}): ${plain(fromProblemDetails(parse(body) ?? { status }).message)}`
  },
})

const parse = (body: string): unknown => {
  try {
    return JSON.parse(body)
  } catch {
    return
  }
}
