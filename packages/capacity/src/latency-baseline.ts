import type { AdaptiveSample } from './adaptive-limit.ts'
import { expectNumber } from './expect.ts'

/** How the latency without load is found. */
export interface BaselineOptions {
  /** A probe comes after so many round trips, give or take a quarter; 20 or more. Default 120. */
  readonly probeEvery?: number
}

/** A round trip's worth of samples, against the baseline. */
export interface LatencyWindow {
  /** Mean latency of the window, in milliseconds. */
  readonly latencyMs: number
  /** Latency without load, in milliseconds. */
  readonly baselineMs: number
  /** The most that was in flight. */
  readonly inFlight: number
  /** Set while probing, and once after it: the limit to take, instead of one of the algorithm's own. */
  readonly limit: number | undefined
}

/** Gathers samples into windows and keeps the baseline true. */
export interface LatencyBaseline {
  /** Takes in a sample; answers a window when one is full or when a probe begins or ends. */
  add(limit: number, sample: AdaptiveSample): LatencyWindow | undefined
}

/** A window holds a round trip of samples, and at least so many. */
const minSamples = 8
/** After so many windows above twice the noise with the limit going down, the baseline itself is doubted. */
const doubtAfter = 6

/**
 * A long-term mean follows the load it should be compared with, and then the limit grows without bound: Gradient2's flaw (Netflix
 * concurrency-limits #134). So the baseline is measured, as Envoy's gradient controller does: now and then the limit is halved for a few
 * round trips, which empties the server's queue, and only work that started after that counts.
 */
export const createBaseline = (options: BaselineOptions): LatencyBaseline => {
  const probeEvery = expectNumber('settings.probeEvery', options.probeEvery ?? 120, 20)
  let baselineMs = 0
  let count = 0
  let sumMs = 0
  let inFlight = 0
  let falls = 0
  let lastLimit = 0
  let nextProbeMs = 0
  let probe: { readonly limit: number; readonly fromMs: number } | undefined

  const clear = (): void => {
    count = 0
    sumMs = 0
    inFlight = 0
  }
  const schedule = (nowMs: number): void => {
    nextProbeMs = nowMs + baselineMs * probeEvery * (0.75 + Math.random() / 2)
  }

  const endProbe = (nowMs: number): LatencyWindow => {
    const { limit } = probe!
    probe = undefined
    baselineMs = sumMs / count
    const latencyMs = baselineMs
    falls = 0
    clear()
    schedule(nowMs)
    return { latencyMs, baselineMs, inFlight: limit, limit }
  }

  return {
    add: (limit, sample) => {
      const { nowMs, latencyMs } = sample
      // What started before the probe stood in the queue that the probe is to be without.
      if (probe && nowMs - latencyMs < probe.fromMs) return undefined
      count++
      sumMs += latencyMs
      inFlight = Math.max(inFlight, sample.inFlight)
      if (probe) return count >= Math.max(minSamples, limit) ? endProbe(nowMs) : undefined
      if (count < Math.max(minSamples, Math.floor(limit))) return undefined

      const meanMs = sumMs / count
      if (baselineMs === 0) schedule(nowMs)
      if (baselineMs === 0 || meanMs < baselineMs) baselineMs = meanMs
      falls = limit < lastLimit ? falls + 1 : 0
      lastLimit = limit
      const window = { latencyMs: meanMs, baselineMs, inFlight, limit: undefined }
      clear()
      if (nowMs >= nextProbeMs || falls >= doubtAfter) {
        if (nextProbeMs === 0) schedule(nowMs)
        falls = 0
        // Two round trips drain what is queued; then the samples count.
        probe = { limit, fromMs: nowMs + window.latencyMs }
        return { ...window, limit: Math.max(1, limit / 2) }
      }
      return window
    },
  }
}
