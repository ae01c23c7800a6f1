import type { JobStore, NewJob } from '@hivekit/capacity'
import { afterEach, describe, expect, it } from 'vitest'
import { errorOf, valueOf } from './unwrap.ts'

/** A way to open the same store again, as after a restart. */
export interface StoreUnderTest {
  readonly open: (options?: { readonly maxJobs?: number }) => JobStore | Promise<JobStore>
  readonly remove: () => void | Promise<void>
}

const job = (fields: Partial<NewJob> = {}): NewJob => ({
  name: 'export',
  payload: '{"n":1}',
  key: '',
  priority: 0,
  score: 0,
  cost: '1',
  submittedMs: 1000,
  deadlineAtMs: null,
  dueMs: 0,
  attempts: 0,
  ...fields,
})

/** What every {@link JobStore} promises. */
export const jobStoreContract = (name: string, make: () => StoreUnderTest | Promise<StoreUnderTest>): void => {
  describe(`${name} as a job store`, () => {
    const cleanups: (() => unknown)[] = []
    afterEach(async () => {
      for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
    })
    const setUp = async (options?: { readonly maxJobs?: number }) => {
      const under = await make()
      cleanups.push(() => under.remove())
      const open = async (): Promise<JobStore> => {
        const store = await under.open(options)
        cleanups.push(() => store[Symbol.asyncDispose]())
        return store
      }
      return { open, store: await open() }
    }
    const put = async (store: JobStore, fields?: Partial<NewJob>): Promise<string> => valueOf(await store.put(job(fields)))

    it('hands over what was put in, once, lowest score first', async () => {
      const { store } = await setUp()
      await put(store, { payload: '"late"', score: 3, priority: -1 })
      const fields = { payload: '"soon"', score: 1, priority: 1, key: 'ten"ant', cost: '{"slots":2}', deadlineAtMs: 9_999_999_999_999, attempts: 2 }
      const id = await put(store, fields)
      await put(store, { payload: '"between"', score: 2, priority: 0 })
      const first = await store.lease(1, Date.now())
      expect(first).toEqual([{ ...job(fields), id }])
      const rest = await store.lease(10, Date.now())
      expect(rest.map(each => each.payload)).toEqual(['"between"', '"late"'])
      expect(await store.lease(10, Date.now())).toEqual([])
      expect(await store.counts()).toEqual({ put: 3, waiting: 0, leased: 3, done: 0, cancelled: 0, dead: 0 })
    })

    it('keeps the order of arrival among equals', async () => {
      const { store } = await setUp()
      for (let n = 0; n < 5; n++) await put(store, { payload: String(n) })
      expect((await store.lease(5, Date.now())).map(each => each.payload)).toEqual(['0', '1', '2', '3', '4'])
    })

    it('forgets what is done or cancelled, waiting or leased', async () => {
      const { store } = await setUp()
      const [a, b] = [await put(store), await put(store)]
      await store.lease(1, Date.now())
      await store.end(a, { type: 'done' })
      await store.end(b, { type: 'cancelled' })
      await store.end(b, { type: 'done' })
      await store.end('999999', { type: 'done' })
      expect(await store.counts()).toEqual({ put: 2, waiting: 0, leased: 0, done: 1, cancelled: 1, dead: 0 })
      expect(await store.lease(5, Date.now())).toEqual([])
    })

    it('gives a job another attempt, not before it is due, and remembers how many there were', async () => {
      const { store } = await setUp()
      const id = await put(store)
      const dueMs = Date.now() + 300
      const [leased] = await store.lease(1, Date.now())
      expect(leased!.attempts).toBe(0)
      await store.started(id)
      await store.end(id, { type: 'retry', atMs: dueMs })
      expect(await store.lease(1, Date.now())).toEqual([])
      let again = await store.lease(1, Date.now())
      while (again.length === 0) {
        await new Promise(resolve => setTimeout(resolve, 20))
        again = await store.lease(1, Date.now())
      }
      expect(Date.now()).toBeGreaterThanOrEqual(dueMs)
      expect(again[0]).toMatchObject({ id, attempts: 1 })
    })

    it('takes back what was not started, without counting an attempt', async () => {
      const { store } = await setUp()
      const id = await put(store)
      await store.lease(1, Date.now())
      await store.giveBack(id)
      expect(await store.lease(1, Date.now())).toMatchObject([{ id, attempts: 0 }])
    })

    it('moves what waits', async () => {
      const { store } = await setUp()
      await put(store, { payload: '1', score: 1, priority: -1 })
      const id = await put(store, { payload: '2', score: 2, priority: -2 })
      await store.reprioritise(id, 5, 0)
      expect(await store.lease(1, Date.now())).toMatchObject([{ id, priority: 5, score: 0 }])
    })

    it('keeps the dead to be read, replayed and removed', async () => {
      const { store } = await setUp()
      const ids = [await put(store, { payload: '1' }), await put(store, { payload: '2' }), await put(store, { payload: '3' })]
      await store.lease(3, Date.now())
      await store.started(ids[0]!)
      for (const id of ids) await store.end(id, { type: 'dead', error: '{"code":"internal"}', atMs: 5000 })
      const dead = await store.dead.list({ limit: 2 })
      expect(dead.map(each => each.id)).toEqual([ids[2], ids[1]])
      expect(await store.dead.list({ before: ids[1]! })).toMatchObject([
        { id: ids[0], payload: '1', attempts: 1, error: '{"code":"internal"}', diedMs: 5000 },
      ])
      expect(await store.dead.replay(ids[0]!)).toBe(true)
      expect(await store.dead.replay(ids[0]!)).toBe(false)
      expect(await store.dead.remove(ids[1]!)).toBe(true)
      expect(await store.dead.remove(ids[1]!)).toBe(false)
      expect(await store.counts()).toEqual({ put: 4, waiting: 1, leased: 0, done: 0, cancelled: 0, dead: 3 })
      expect(await store.lease(9, Date.now())).toMatchObject([{ payload: '1', attempts: 0 }])
    })

    it('refuses when it is full, and takes again when there is room', async () => {
      const { store } = await setUp({ maxJobs: 2 })
      const id = await put(store)
      await put(store)
      const error = errorOf(await store.put(job()))
      expect(error).toMatchObject({ code: 'capacity_exceeded' })
      expect(error.retryAfterMs).toBeGreaterThan(0)
      await store.end(id, { type: 'cancelled' })
      await put(store)
    })

    it('has everything when it is opened again', async () => {
      const { store, open } = await setUp()
      await put(store, { payload: '1' })
      await put(store, { payload: '2' })
      const gone = await put(store, { payload: '3' })
      await store.end(gone, { type: 'cancelled' })
      await store[Symbol.asyncDispose]()
      const next = await open()
      expect(await next.counts()).toEqual({ put: 3, waiting: 2, leased: 0, done: 0, cancelled: 1, dead: 0 })
      expect((await next.lease(5, Date.now())).map(each => each.payload)).toEqual(['1', '2'])
    })

    it('answers after it was closed, with an error', async () => {
      const { store } = await setUp()
      await store[Symbol.asyncDispose]()
      expect(errorOf(await store.put(job()))).toMatchObject({ code: 'unavailable' })
    })
  })
}
