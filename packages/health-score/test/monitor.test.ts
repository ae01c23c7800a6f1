import { fork } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createHealthMonitor, createHistory, defineHealthModel, fileHistoryStore, httpSource, metricsSource, piecewise, processSource, scoreHealth, snapshotSource,
  type HealthMonitorEvent, type HealthSource,
} from '@hivekit/health-score'
import type { HiveError, Result } from '@hivekit/errors'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createFakeClock } from './fake-clock.ts'

const falling = piecewise([[0, 1], [100, 0]])
const model = defineHealthModel({ signals: { a: { curve: falling }, b: { curve: falling } }, weights: { a: 1, b: 1 } })
const folder = await mkdtemp(join(tmpdir(), 'health-score-'))
afterAll(() => rm(folder, { recursive: true }))

const watch = (over: Partial<Parameters<typeof createHealthMonitor>[0]>) => {
  const clock = createFakeClock()
  const monitor = createHealthMonitor({ model, sources: [], clock, intervalMs: 5_000, ...over })
  const events: HealthMonitorEvent[] = []
  monitor.onEvent(event => events.push(event))
  return { clock, monitor, events, typesOf: () => events.map(event => event.type) }
}
const codeOf = (result: Result<unknown, HiveError>) => result.match(() => 'none', error => error.code)
const source = (name: string, read: HealthSource['read'], over: Partial<HealthSource> = {}): HealthSource => ({ name, read, ...over })

describe('a monitor', () => {
  test('asks at its interval and not after it was closed', async () => {
    let asked = 0
    const { clock, monitor } = watch({ sources: [source('a', () => [{ signal: 'a', value: ++asked }])] })
    await monitor.start()
    await clock.advance(20_000)
    expect(asked).toBe(5)
    expect(monitor.history.series({ signal: 'a' }).values).toEqual(Float64Array.of(1, 2, 3, 4, 5))
    await monitor[Symbol.asyncDispose]()
    await clock.advance(60_000)
    expect(asked).toBe(5)
  })

  test('a source that fails keeps its readings until they are stale, then is not known', async () => {
    let broken = false
    const { clock, monitor, events } = watch({
      sources: [
        source('a', () => {
          if (broken) throw new Error('no route')
          return [{ signal: 'a', value: 50 }]
        }),
        source('b', () => [{ signal: 'b', value: 0 }]),
      ],
    })
    await monitor.start()
    broken = true
    await clock.advance(60_000)
    expect(monitor.score()).toMatchObject({ score: 75, confidence: 1 })
    await clock.advance(5_000)
    expect(monitor.score()).toMatchObject({ score: 100, confidence: 0.5, notKnown: [{ signal: 'a', monitor: 'a', problem: 'stale' }, { signal: 'a', problem: 'unknown' }] })
    expect(events.find(event => event.type === 'source-failed')).toMatchObject({ source: 'a', error: { code: 'dependency_failed', message: 'Source "a" failed: no route' } })
    broken = false
    await clock.advance(5_000)
    expect(events.filter(event => event.type === 'source-recovered')).toEqual([{ type: 'source-recovered', source: 'a' }])
    expect(monitor.snapshot().sources[0]).toMatchObject({ name: 'a', error: null, failures: 13 })
    await monitor[Symbol.asyncDispose]()
  })

  test('readings go stale even if nothing asks any more', async () => {
    const { clock, monitor } = watch({ sources: [source('a', () => [{ signal: 'a', value: 0 }, { signal: 'b', value: 0 }])] })
    expect((await monitor.poll()).grade).toBe('healthy')
    await clock.advance(60_001)
    expect(monitor.score()).toMatchObject({ score: null, grade: 'unknown' })
  })

  test('a source that hangs is given up in time and never read twice at once', async () => {
    let open = 0
    let most = 0
    let release = () => {}
    const { clock, monitor, events } = watch({
      sources: [
        source('hangs', async () => {
          most = Math.max(most, ++open)
          await new Promise<void>(resolve => (release = resolve))
          open--
          return [{ signal: 'a', value: 100 }]
        }, { timeoutMs: 1_000 }),
        source('b', () => [{ signal: 'b', value: 0 }]),
      ],
    })
    const started = monitor.start()
    await clock.advance(21_000)
    await started
    expect(monitor.snapshot()).toMatchObject({ rounds: 5, sources: [{ name: 'hangs', reads: 1, skipped: 4, reading: true }, { name: 'b', reads: 5 }] })
    expect(events.find(event => event.type === 'source-failed')).toMatchObject({ error: { code: 'timeout' } })
    release()
    await clock.advance(5_000)
    expect(most).toBe(1)
    expect(monitor.snapshot().sources[0]).toMatchObject({ reads: 2 })
    release()
    await monitor[Symbol.asyncDispose]()
  })

  test('a slow round is not overlapped: polls under way are one', async () => {
    let release = () => {}
    const { monitor } = watch({ sources: [source('a', () => new Promise(resolve => (release = () => resolve([{ signal: 'a', value: 0 }]))))] })
    const [one, two] = [monitor.poll(), monitor.poll()]
    release()
    expect(await one).toBe(await two)
  })

  test('closing settles a read that ignores its signal, and a cancelled poll still gives a score', async () => {
    const { monitor, typesOf } = watch({ sources: [source('a', () => new Promise(() => {}))] })
    const abort = new AbortController()
    const polled = monitor.poll({ signal: abort.signal })
    abort.abort()
    expect(await polled).toMatchObject({ score: null })
    const again = monitor.poll()
    await monitor[Symbol.asyncDispose]()
    await again
    expect(typesOf()).not.toContain('source-failed')
  })

  test('closes its sources, and survives a listener that throws', async () => {
    let closed = 0
    const { monitor } = watch({ sources: [source('a', () => [], { [Symbol.asyncDispose]: async () => void closed++ })] })
    const warned = new Promise(resolve => process.once('warning', resolve))
    let heard = 0
    monitor.onEvent(() => {
      throw new Error('a listener broke')
    })
    monitor.onEvent(() => heard++)
    await monitor.poll()
    expect(heard).toBe(1)
    expect(await warned).toMatchObject({ message: 'a listener broke' })
    await monitor[Symbol.asyncDispose]()
    await monitor[Symbol.asyncDispose]()
    expect(closed).toBe(1)
  })

  test('too many readings from one source are refused, so memory stays bounded', async () => {
    const { monitor, events } = watch({ sources: [source('a', () => Array.from({ length: 10_001 }, () => ({ signal: 'a', value: 0 })))] })
    await monitor.poll()
    expect(events[0]).toMatchObject({ type: 'source-failed', error: { code: 'too_large' } })
    expect(monitor.snapshot()).toMatchObject({ sources: [{ readings: 0 }], historyBytes: 8 * 1_440 * 5 })
  })

  test('misuse says what was expected and what came', () => {
    expect(() => watch({ sources: [source('x', () => []), source('x', () => [])] })).toThrow(/got "x" twice/)
    expect(() => watch({ intervalMs: 0 })).toThrow(/intervalMs above 0, got 0/)
    expect(() => watch({ historyPoints: 1 })).toThrow(/capacity of 2 or more, got 1/)
  })
})

describe('the history', () => {
  const scoreAt = (at: number, a: number) => scoreHealth([{ signal: 'a', value: a, at }], model, { now: at })

  test('keeps the newest, drops what is not newer, and leaves out what was not known', () => {
    const history = createHistory({ model, capacity: 3 })
    for (const at of [1, 2, 3, 3, 2, 4]) history.push(scoreAt(at, at === 3 ? Number.NaN : at))
    expect(history.size).toBe(3)
    expect(history.series({ signal: 'a' })).toEqual({ times: Float64Array.of(2, 4), values: Float64Array.of(2, 4) })
    expect(history.series('score').values).toEqual(Float64Array.of(98, 96))
    expect(history.series('confidence').values).toEqual(Float64Array.of(0.5, 0, 0.5))
    expect(() => history.series({ signal: 'c' })).toThrow(RangeError)
  })

  test('survives bytes, a changed model and a smaller ring; damage of any byte is noticed', () => {
    const history = createHistory({ model, capacity: 10 })
    for (let at = 1; at <= 12; at++) history.push(scoreAt(at, at))
    const bytes = history.toBytes()
    const changed = createHistory({ model: defineHealthModel({ signals: { c: { curve: falling }, a: { curve: falling } }, weights: { c: 1, a: 1 } }), capacity: 4 })
    expect(changed.restore(bytes).unwrapOr(-1)).toBe(4)
    expect(changed.series({ signal: 'a' })).toEqual({ times: Float64Array.of(9, 10, 11, 12), values: Float64Array.of(9, 10, 11, 12) })
    expect(changed.series({ signal: 'c' }).values).toHaveLength(0)
    for (let i = 0; i < bytes.length; i += 7) {
      const damaged = bytes.slice()
      damaged[i]! ^= 16
      expect(codeOf(changed.restore(damaged))).toBe('data_corrupt')
    }
    expect(codeOf(changed.restore(new Uint8Array()))).toBe('data_corrupt')
    expect(changed.size).toBe(4)
  })

  test('goes on in the next process where the last one closed', async () => {
    const store = fileHistoryStore(join(folder, 'go-on.bin'))
    const sources = [source('a', () => [{ signal: 'a', value: 7 }])]
    const first = watch({ sources, store })
    await first.monitor.start()
    await first.monitor[Symbol.asyncDispose]()
    const second = watch({ sources, store })
    await second.clock.advance(60_000)
    await second.monitor.start()
    expect(second.monitor.history.series({ signal: 'a' }).values).toEqual(Float64Array.of(7, 7))
    await second.monitor[Symbol.asyncDispose]()
  })

  test('a damaged or unwritable file is reported and stops nothing', async () => {
    const path = join(folder, 'damaged.bin')
    await writeFile(path, 'not a history')
    const { monitor, events } = watch({ store: fileHistoryStore(path) })
    await monitor.start()
    expect(events).toMatchObject([{ type: 'history-failed', error: { code: 'data_corrupt' } }, { type: 'scored' }])
    await monitor[Symbol.asyncDispose]()
    expect(monitor.snapshot().historyError).toBeNull()
    expect(codeOf(await fileHistoryStore(join(folder, 'none', 'x.bin')).save(new Uint8Array()))).toBe('unavailable')
    expect((await fileHistoryStore(join(folder, 'absent.bin')).load()).unwrapOr(null)).toBeUndefined()
  })

  test('a process killed while saving leaves a whole history', async () => {
    const path = join(folder, 'killed.bin')
    const kills = Math.max(3, Math.round(5 * Number(process.env.HIVEKIT_SOAK ?? 1)))
    let newest = 0
    for (let i = 0; i < kills; i++) {
      const child = fork(join(import.meta.dirname, 'programs', 'save-forever.ts'), [path, String(newest)])
      await new Promise<void>(resolve => {
        let saves = 0
        child.on('message', () => ++saves === 3 + i * 2 && child.kill('SIGKILL'))
        child.on('exit', () => resolve())
      })
      const history = createHistory({ model, capacity: 5_000 })
      expect(history.restore(await readFile(path)).isOk()).toBe(true)
      const { times } = history.series('score')
      expect(times.at(-1)).toBeGreaterThan(newest)
      newest = times.at(-1)!
    }
  })
})

describe('sources', () => {
  let hits = 0
  const server = createServer((request, response) => {
    hits++
    if (request.url === '/hang') return
    response.statusCode = request.url === '/ready' ? 200 : 503
    response.end(JSON.stringify({ queued: 12 }))
  })
  let base = ''
  beforeAll(async () => {
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })
  const readOnce = (one: HealthSource) => one.read({ signal: new AbortController().signal })

  test('an HTTP endpoint that answers, refuses, hangs or is not there', async () => {
    const probe = (url: string) => readOnce(httpSource({ url, up: 'up', latencyMs: 'ms', timeoutMs: 80 }))
    expect(await probe(`${base}/ready`)).toEqual([{ signal: 'up', value: 1 }, { signal: 'ms', value: expect.any(Number) }])
    expect(await probe(`${base}/other`)).toEqual([{ signal: 'up', value: 0 }, { signal: 'ms', value: expect.any(Number) }])
    const [up, ms] = await probe(`${base}/hang`)
    expect(up).toEqual({ signal: 'up', value: 0 })
    expect((ms as { value: number }).value).toBeGreaterThan(75)
    expect(await probe('http://127.0.0.1:1/')).toEqual([{ signal: 'up', value: 0 }])
    expect(hits).toBe(3)
  })

  test('an HTTP body can give further readings, and a closed monitor aborts the probe', async () => {
    const parse = async (response: Response) => [{ signal: 'queued', value: ((await response.json()) as { queued: number }).queued }]
    expect(await readOnce(httpSource({ url: `${base}/ready`, parse }))).toEqual([{ signal: 'queued', value: 12 }])
    await expect(httpSource({ url: `${base}/hang`, up: 'up' }).read({ signal: AbortSignal.abort(new Error('closed')) })).rejects.toThrow('closed')
  })

  test('a metrics store, whichever it is', async () => {
    const latest = async (query: string) => ({ p95: 420, errors: { value: 0.1, at: 5 } })[query]
    expect(await readOnce(metricsSource({ queries: { latencyMs: 'p95', errorRatio: 'errors', cpuRatio: 'absent' }, latest })))
      .toEqual([{ signal: 'latencyMs', value: 420 }, { signal: 'errorRatio', value: 0.1, at: 5 }])
  })

  test('a snapshot', async () => {
    const source = snapshotSource({ name: 'queue', snapshot: () => ({ queued: 3, oldest: undefined }), signals: { queued: s => s.queued, wait: s => s.oldest } })
    expect(await readOnce(source)).toEqual([{ signal: 'queued', value: 3 }])
  })

  test('this process: a busy processor, a blocked loop and memory in use are seen', async () => {
    const source = processSource({ cpus: 1, memoryLimitBytes: 2 * process.memoryUsage.rss() })
    const valueOf = async (signal: string) => ((await readOnce(source)) as { signal: string; value: number }[]).find(one => one.signal === signal)?.value
    expect(await valueOf('cpuRatio')).toBeUndefined()
    await new Promise(resolve => setTimeout(resolve, 50))
    const until = performance.now() + 200
    while (performance.now() < until);
    await new Promise(resolve => setTimeout(resolve, 50))
    const readings = (await readOnce(source)) as { signal: string; value: number }[]
    const { cpuRatio, memoryRatio, eventLoopDelayMs } = Object.fromEntries(readings.map(one => [one.signal, one.value]))
    expect(cpuRatio).toBeGreaterThan(0.1)
    expect(memoryRatio).toBeGreaterThan(0.3)
    expect(memoryRatio).toBeLessThan(0.8)
    expect(eventLoopDelayMs).toBeGreaterThan(120)
    await source[Symbol.asyncDispose]!()
    const renamed = processSource({ signals: { memoryRatio: 'rss' } })
    expect(await readOnce(renamed)).toEqual([{ signal: 'rss', value: expect.any(Number) }])
    await renamed[Symbol.asyncDispose]!()
  })
})
