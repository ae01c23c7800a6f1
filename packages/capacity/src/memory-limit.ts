import type { Clock } from './clock.ts'
import { expectKnown, expectNumber } from './expect.ts'
import type { Limit } from './limit.ts'
import { readMemory, type MemoryReading } from './read-memory.ts'
import { createSampledLimit, type SamplingOptions } from './sampled-limit.ts'

/** Admits only while memory lasts: the cgroup's, up its tree, or the machine's. */
export interface MemoryLimitOptions extends SamplingOptions {
  /** Chooses this sort of limit. */
  readonly kind: 'memory'
  /** Refuses at and above this share of the bound, above 0 and up to 1. Default 0.9. */
  readonly maxRatio?: number
  /** Refuses at and above this many bytes, when that is less than `maxRatio` of the bound. */
  readonly maxBytes?: number
  /**
   * What one unit of cost is expected to need, in bytes. Default 0. Held from admission to release and added to the least use seen
   * while nothing ran; whichever is more, that or what is measured, counts. So a burst between two samples cannot overshoot.
   */
  readonly reserveBytes?: number
  /** Reads use and bound. Default {@link readMemory}. */
  readonly read?: () => MemoryReading
}

export const createMemoryLimit = (options: MemoryLimitOptions, clock: Clock): Limit => {
  const read = options.read ?? (() => readMemory())
  const reserveBytes = expectNumber('reserveBytes', options.reserveBytes ?? 0, 0)
  let maxRatio = expectNumber('maxRatio', options.maxRatio ?? 0.9, Number.MIN_VALUE, 1)
  let maxBytes = expectNumber('maxBytes', options.maxBytes ?? Infinity, 0)
  let boundBytes = Infinity
  let idleBytes = Infinity
  let held = 0
  const bound = (): number => Math.min(maxBytes, boundBytes * maxRatio)
  const source = {
    ...options,
    kind: 'memory',
    unit: 'bytes',
    clock,
    max: Infinity,
    read: () => {
      const reading = read()
      boundBytes = reading.maxBytes
      source.max = bound()
      if (held === 0 || reading.usedBytes < idleBytes) idleBytes = reading.usedBytes
      return reading.usedBytes
    },
    ...(reserveBytes === 0
      ? {}
      : { adjust: (used: number, cost: number) => Math.max(used, idleBytes + (held + cost) * reserveBytes) }),
  }
  const { changed, dispose, ...sampled } = createSampledLimit(source)
  return {
    ...sampled,
    ...(reserveBytes === 0
      ? {}
      : {
          take: (_key, cost) => {
            held += cost
          },
          release: (_key, cost) => {
            held -= cost
          },
        }),
    set: changes => {
      expectKnown('changes', changes, ['maxRatio', 'maxBytes'])
      const ratio = 'maxRatio' in changes ? expectNumber('maxRatio', changes.maxRatio, Number.MIN_VALUE, 1) : maxRatio
      if ('maxBytes' in changes) maxBytes = expectNumber('maxBytes', changes.maxBytes, 0)
      maxRatio = ratio
      source.max = bound()
      changed()
    },
    [Symbol.dispose]: dispose,
  }
}
