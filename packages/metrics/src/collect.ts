import { counterBase, sampleName, type Labels, type MetricFamily, type MetricSample, type MetricSource } from './metric-family.ts'

/** Options of {@link collect} and {@link gather}. */
export interface CollectOptions {
  /** Labels that every sample gets, for instance `{ hive: 'main' }`. A sample's own label of that name wins. */
  readonly labels?: Labels
  /** Called for a source that failed, and for a family that disagrees with an earlier one of its name. Default: the fault is only counted. */
  readonly onError?: (error: unknown) => void
}

/** A source that must ask elsewhere first: another process, or a library whose metrics are read by a promise. */
export interface AsyncMetricSource {
  /** Reads the present values; settles promptly when the signal is aborted. */
  collect(options: { readonly signal?: AbortSignal }): Promise<Iterable<MetricFamily>>
}

/** The counter of sources and families that could not be collected. */
export const faultMetric = 'metrics_collect_faults_total'

/**
 * Reads several sources as one: families of the same name are joined, a series that comes twice is kept once (the
 * first), and a source that throws costs only its own metrics and one count of `metrics_collect_faults_total`.
 *
 * @example
 * ```ts
 * import { collect, createProcessSource, createRegistry } from '@hivekit/metrics'
 *
 * const registry = createRegistry()
 * using node = createProcessSource()
 * const families = collect([registry, node], { labels: { hive: 'main' } })
 * families.some(family => family.name === 'process_resident_memory_bytes') // true
 * ```
 */
export const collect = (sources: Iterable<MetricSource>, options: CollectOptions = {}): readonly MetricFamily[] => {
  const joined = createJoin(options)
  for (const source of sources) {
    try {
      joined.add(source.collect())
    } catch (error) {
      joined.fault(error)
    }
  }
  return joined.families()
}

/** As {@link collect}, for sources of which some must be awaited; they are read at the same time. Never rejects. */
export const gather = async (
  sources: Iterable<MetricSource | AsyncMetricSource>,
  options: CollectOptions & { readonly signal?: AbortSignal } = {},
): Promise<readonly MetricFamily[]> => {
  const { signal } = options
  const joined = createJoin(options)
  const read = async (source: MetricSource | AsyncMetricSource) => source.collect(signal ? { signal } : {})
  for (const answer of await Promise.allSettled(Array.from(sources, read))) {
    try {
      if (answer.status === 'rejected') throw answer.reason
      joined.add(answer.value)
    } catch (error) {
      joined.fault(error)
    }
  }
  return joined.families()
}

const createJoin = ({ labels, onError }: CollectOptions) => {
  const byName = new Map<string, MetricFamily[]>()
  let faults = 0

  const fault = (error: unknown) => {
    faults++
    onError?.(error)
  }
  return {
    fault,
    add: (families: Iterable<MetricFamily>) => {
      for (const family of families) {
        const key = family.type === 'counter' ? counterBase(family.name) : family.name
        const before = byName.get(key)
        if (!before) byName.set(key, [family])
        else if (before[0]!.type === family.type) before.push(family)
        else fault(new TypeError(`The metric "${family.name}" is a ${before[0]!.type} in one source and a ${family.type} in another.`))
      }
    },
    families: () => {
      const all = Array.from(byName.values(), same => (same.length === 1 ? same[0]! : { ...same[0]!, samples: withoutTwins(same) }))
      if (faults > 0) {
        all.push({ name: faultMetric, help: 'Sources and families that could not be collected just now.', type: 'counter', samples: [{ labels: {}, value: faults }] })
      }
      return labels ? all.map(family => ({ ...family, samples: family.samples.map(s => ({ ...s, labels: common(labels, s.labels) })) })) : all
    },
  }
}

const withoutTwins = (same: readonly MetricFamily[]): MetricSample[] => {
  const seen = new Set<string>()
  return same.flatMap(family => family.samples.filter(sample => {
    const key = `${sampleName(family, sample.suffix)} ${seriesKey(sample.labels)} ${sample.timestamp ?? ''}`
    return seen.has(key) ? false : seen.add(key)
  }))
}

/** One text for one set of labels, whatever their order. */
export const seriesKey = (labels: Labels): string => {
  const names = Object.keys(labels)
  if (names.length > 1) names.sort()
  return JSON.stringify(names.map(name => [name, labels[name]]))
}

// Kept by label object, so that renderers which remember an object's text still know it at the next scrape.
const remembered = new WeakMap<Labels, WeakMap<Labels, Labels>>()

const common = (labels: Labels, own: Labels): Labels => {
  let known = remembered.get(labels)
  if (!known) remembered.set(labels, (known = new WeakMap()))
  let both = known.get(own)
  if (!both) known.set(own, (both = Object.freeze({ ...labels, ...own })))
  return both
}
