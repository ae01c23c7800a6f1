import type { Labels } from './metric-family.ts'

/** The series of one metric, found by their label values in one map look-up a label. */
export interface SeriesTable<S> {
  /** Finds the series, making it when it is new; past the limit answers the overflow series. */
  readonly find: (labels: Labels | undefined) => S
  /** Forgets one series; tells whether it was there. */
  readonly remove: (labels: Labels) => boolean
  /** Forgets every series. */
  readonly clear: () => void
  /** The series, oldest first. */
  readonly values: () => Iterable<S>
  /** How many recordings went to the overflow series. */
  readonly overflowed: () => number
}

/** The label that marks the series which stands for all those past the limit (OpenTelemetry's `otel.metric.overflow`). */
const overflowLabel = 'otel_metric_overflow'

interface SeriesTableOptions<S> {
  readonly metric: string
  readonly labelNames: readonly string[]
  readonly maxSeries: number
  readonly create: (labels: Labels) => S
}

type Node<S> = Map<string, Node<S> | S>

export const createSeriesTable = <S extends object>(options: SeriesTableOptions<S>): SeriesTable<S> => {
  const { metric, labelNames, maxSeries, create } = options
  const depth = labelNames.length
  const [first = '', second = ''] = labelNames
  let root: Node<S> = new Map()
  let all = new Set<S>()
  let overflow: S | undefined
  let overflowed = 0

  const check = (labels: Labels) => {
    for (const name of labelNames) {
      if (typeof labels[name] !== 'string') {
        throw new TypeError(`The metric "${metric}" needs a string for its label "${name}"; got ${typeof labels[name]}.`)
      }
    }
    const unknown = Object.keys(labels).find(name => !labelNames.includes(name))
    if (unknown !== undefined) throw new TypeError(`The metric "${metric}" has no label "${unknown}".`)
  }

  const add = (labels: Labels): S => {
    check(labels)
    if (all.size >= maxSeries) {
      overflowed++
      overflow ??= create(Object.freeze({ [overflowLabel]: 'true' }))
      return overflow
    }
    let node = root
    for (let i = 0; i < depth - 1; i++) {
      const value = labels[labelNames[i]!]!
      let next = node.get(value) as Node<S> | undefined
      if (!next) node.set(value, (next = new Map()))
      node = next
    }
    const series = create(Object.freeze(Object.fromEntries(labelNames.map(name => [name, labels[name]!]))))
    node.set(labels[labelNames[depth - 1]!]!, series)
    all.add(series)
    return series
  }

  const none: Labels = Object.freeze({})
  let only: S | undefined
  if (depth === 0) all.add((only = create(none)))

  return {
    find: labels => {
      if (labels === undefined) {
        if (only) return only
        throw new TypeError(`The metric "${metric}" needs its labels: ${labelNames.join(', ')}.`)
      }
      // The common depths spelled out: a loop costs a fifth more.
      if (depth === 1) return (root.get(labels[first]!) as S | undefined) ?? add(labels)
      const next = root.get(labels[first]!) as Node<S> | undefined
      if (next === undefined) return only ?? add(labels)
      if (depth === 2) return (next.get(labels[second]!) as S | undefined) ?? add(labels)
      let node: Node<S> | S | undefined = next
      for (let i = 1; i < depth; i++) {
        node = (node as Node<S>).get(labels[labelNames[i]!]!)
        if (node === undefined) return add(labels)
      }
      return node as S
    },
    remove: labels => {
      check(labels)
      if (depth === 0) return false
      const path: Node<S>[] = [root]
      for (let i = 0; i < depth - 1; i++) {
        const next = path[i]!.get(labels[labelNames[i]!]!) as Node<S> | undefined
        if (!next) return false
        path.push(next)
      }
      const series = path[depth - 1]!.get(labels[labelNames[depth - 1]!]!) as S | undefined
      if (!series) return false
      for (let i = depth - 1; i >= 0; i--) {
        path[i]!.delete(labels[labelNames[i]!]!)
        if (path[i]!.size > 0) break
      }
      return all.delete(series)
    },
    clear: () => {
      root = new Map()
      all = new Set()
      overflow = undefined
      if (depth === 0) all.add((only = create(none)))
    },
    values: function* () {
      yield* all
      if (overflow) yield overflow
    },
    overflowed: () => overflowed,
  }
}
