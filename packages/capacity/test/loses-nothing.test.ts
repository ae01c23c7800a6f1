import { createCapacity, openJobStore, type Submission } from '@hivekit/capacity'
import { HiveError } from '@hivekit/errors'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createFakeClock } from './fake-clock.ts'

const soak = Number(process.env['HIVEKIT_SOAK'] ?? 1)
const turn = () => new Promise(setImmediate)

type Step =
  | { readonly do: 'submit'; readonly as: 'task' | 'job' | 'durable'; readonly key: string; readonly priority: number; readonly cost: number; readonly deadlineMs: number | undefined }
  | { readonly do: 'cancel' | 'reprioritise' | 'abort'; readonly which: number; readonly priority: number }
  | { readonly do: 'finish'; readonly how: 'ok' | 'throw' | 'flaky' }
  | { readonly do: 'limit'; readonly max: number }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'pause' | 'resume' | 'turn' }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({
    do: fc.constant('submit' as const),
    as: fc.constantFrom('task' as const, 'job' as const, 'durable' as const),
    key: fc.constantFrom('a', 'b', 'c'),
    priority: fc.integer({ min: -3, max: 3 }),
    cost: fc.constantFrom(1, 1, 1, 2, 9),
    deadlineMs: fc.option(fc.integer({ min: 1, max: 3000 }), { nil: undefined }),
  }) },
  { weight: 3, arbitrary: fc.record({
    do: fc.constantFrom('cancel' as const, 'reprioritise' as const, 'abort' as const),
    which: fc.nat(40),
    priority: fc.integer({ min: -5, max: 5 }),
  }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('finish' as const), how: fc.constantFrom('ok' as const, 'throw' as const, 'flaky' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('limit' as const), max: fc.integer({ min: 0, max: 5 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 2000 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('pause' as const, 'resume' as const, 'turn' as const) }) },
)

it('accounts for all work after every step: submitted = done + failed + cancelled + rejected + queued + running', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 60 }), async steps => {
      const clock = createFakeClock()
      const gates: { settle: (how: 'ok' | 'throw' | 'flaky') => void }[] = []
      const work = (): Promise<string> =>
        new Promise((resolve, reject) => {
          gates.push({
            settle: how =>
              how === 'ok' ? resolve('ok') : reject(new HiveError(how === 'throw' ? 'not_found' : 'unavailable', how)),
          })
        })
      const store = openJobStore({ file: ':memory:', maxJobs: 12 })
      const capacity = createCapacity({
        limits: {
          slots: { kind: 'concurrency', max: 3 },
          perKey: { kind: 'concurrency', max: 2, per: 'key' },
          pace: { kind: 'rate', perSecond: 5, burst: 4 },
        },
        queue: { maxTasks: 8, store, handlers: { work }, retry: { maxAttempts: 2, baseMs: 100 } },
        clock,
      })
      const all: Submission<unknown>[] = []
      const controllers: AbortController[] = []
      const check = (): void => {
        const { submitted, done, failed, cancelled, rejected, queued, running } = capacity.counts()
        expect(done + failed + cancelled + rejected + queued + running).toBe(submitted)
        expect(queued).toBeGreaterThanOrEqual(0)
        expect(running).toBeGreaterThanOrEqual(0)
        const tally = Map.groupBy(all, each => each.state)
        for (const [state, count] of Object.entries({ queued, running, done, failed, cancelled, rejected })) {
          expect([state, tally.get(state as 'done')?.length ?? 0]).toEqual([state, count])
        }
        expect(capacity.report().queue.bytes).toBeGreaterThanOrEqual(0)
      }
      for (const action of steps) {
        switch (action.do) {
          case 'submit': {
            const controller = new AbortController()
            controllers.push(controller)
            const { key, priority, cost, deadlineMs } = action
            const options = { key, priority, cost, signal: controller.signal, ...(deadlineMs === undefined ? {} : { deadlineMs }) }
            all.push(
              action.as === 'task'
                ? capacity.submit(work, { ...options, bytes: 10 })
                : capacity.submit({ name: 'work', payload: 1 }, { ...options, durable: action.as === 'durable' }),
            )
            break
          }
          case 'cancel':
            all[action.which]?.cancel()
            break
          case 'abort':
            controllers[action.which]?.abort()
            break
          case 'reprioritise':
            all[action.which]?.reprioritise(action.priority)
            break
          case 'finish':
            gates.shift()?.settle(action.how)
            break
          case 'limit':
            capacity.setLimit('slots', { max: action.max })
            break
          case 'pass':
            clock.advance(action.ms)
            break
          case 'turn':
            await turn()
            break
          default:
            capacity[action.do]()
        }
        check()
      }
      capacity.setLimit('slots', { max: 10 })
      capacity.setLimit('perKey', { max: 10 })
      capacity.resume()
      let idle = false
      void capacity.idle().then(() => (idle = true))
      for (let rounds = 0; !idle; rounds++) {
        if (rounds > 10_000) throw new Error(`Stuck: ${JSON.stringify(capacity.report())}`)
        for (const { settle } of gates.splice(0)) settle('ok')
        clock.advance(500)
        await turn()
        check()
      }
      for (const { done } of all) await done
      for (const { settle } of gates.splice(0)) settle('ok')
      await capacity[Symbol.asyncDispose]()
      const { put, waiting, leased, done, cancelled, dead } = await store.counts()
      expect({ put, waiting, leased }).toEqual({ put: done + cancelled + dead, waiting: 0, leased: 0 })
      await store[Symbol.asyncDispose]()
    }),
    { numRuns: 60 * soak },
  )
}, 60_000 * soak)
