import { responsivenessModel, scoreHealth, type HealthScore, type Reading } from '@hivekit/health-score'

/** One hour of a hive, polled every 5 s, and what really happened in it. */
export interface Scenario {
  readonly kind: 'spikes' | 'ramp' | 'flaps' | 'step' | 'monitor-loss' | 'noise'
  readonly scores: readonly HealthScore[]
  /** When the fault began, in milliseconds from the start; null: there was none to react to. */
  readonly faultAt: number | null
}

export const stepMs = 5_000
const length = 720

/** Mulberry32 and Box–Muller. */
const createNoise = (seed: number) => {
  let state = seed >>> 0
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
  return { uniform, normal }
}

const model = responsivenessModel()

/** 240 scenarios, forty of each kind, the same for every run. */
export const makeCorpus = (): Scenario[] => {
  const kinds = ['spikes', 'ramp', 'flaps', 'step', 'monitor-loss', 'noise'] as const
  return kinds.flatMap((kind, k) => Array.from({ length: 40 }, (_, i) => makeScenario(kind, 1 + k * 1_000 + i)))
}

/** Latency and queue wait grow with a severity of 0 (well) to 1 (unusable); both jitter log-normally and remember their past. */
const makeScenario = (kind: Scenario['kind'], seed: number): Scenario => {
  const { uniform, normal } = createNoise(seed)
  const fault = 60 + Math.floor(uniform() * 60)
  const lasts = 120 + Math.floor(uniform() * 240)
  const depth = 0.55 + 0.4 * uniform()
  const rise = 40 + Math.floor(uniform() * 60)
  const period = 4 + Math.floor(uniform() * 8)
  const jitter = 0.15 + 0.2 * uniform()
  const memory = 0.3 + 0.4 * uniform()
  const severityAt = (i: number): number => {
    const within = i >= fault && i < fault + lasts
    if (kind === 'spikes') return uniform() < 0.02 ? 0.5 + 0.5 * uniform() : 0
    if (kind === 'step') return within ? depth : 0
    if (kind === 'ramp') return within ? depth * Math.min(1, (i - fault) / rise) : 0
    if (kind === 'flaps') return within && (i - fault) % period < period / 2 ? depth : 0
    // A hive that is merely busy: near the threshold all along, and no fault to react to.
    return kind === 'noise' ? 0.36 : 0
  }
  let drift = 0
  const scores = Array.from({ length }, (_, i) => {
    const at = i * stepMs
    drift = memory * drift + Math.sqrt(1 - memory * memory) * normal()
    const severity = severityAt(i)
    const noisy = (value: number) => value * Math.exp(jitter * (0.7 * drift + 0.7 * normal()))
    const lost = kind === 'monitor-loss' && i >= fault && i < fault + 20
    if (lost) return scoreHealth([], model, { now: at })
    const values = {
      latencyMs: noisy(600 * 25 ** severity),
      queueWaitMs: noisy(200 * 60 ** severity),
      errorRatio: Math.min(1, noisy(0.004 * 20 ** severity)),
      eventLoopDelayMs: noisy(20 * 10 ** severity),
      memoryRatio: Math.min(0.95, 0.55 + 0.3 * severity + 0.01 * normal()),
      cpuRatio: Math.min(1, 0.45 + 0.5 * severity + 0.05 * Math.abs(normal())),
      readyRatio: severity > 0.9 ? 0.5 : 1,
    }
    const readings: Reading[] = Object.entries(values).map(([signal, value]) => ({ signal, value, at }))
    return scoreHealth(readings, model, { now: at })
  })
  const quiet = kind === 'spikes' || kind === 'monitor-loss' || kind === 'noise'
  return { kind, scores, faultAt: quiet ? null : fault * stepMs }
}
