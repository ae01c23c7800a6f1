import type { Labels } from '../metric-family.ts'
import { matches, type Matcher } from '../query/selector.ts'

/** The series that a store knows, by id and by label. Ids are whole numbers from 1 to 2^20 − 1. */
export interface SeriesIndex {
  /** Adds a series under its id. */
  readonly add: (id: number, labels: Labels) => void
  /** Forgets a series. */
  readonly remove: (id: number) => void
  /** The id of exactly these labels. */
  readonly idOf: (key: string) => number | undefined
  /** The labels of a series, with `__name__`. */
  readonly labelsOf: (id: number) => Labels | undefined
  /** The ids that match, rising. */
  readonly select: (matchers: readonly Matcher[]) => readonly number[]
  /** The values that a label has in the matching series, sorted. */
  readonly valuesOf: (label: string, matchers: readonly Matcher[]) => readonly string[]
  /** How many series there are. */
  readonly size: () => number
  /** The highest id. */
  readonly newest: () => number
}

/** One text for one set of labels with their metric's name: the key of the index and of the table. */
export const labelsKey = (labels: Labels): string => {
  const names = Object.keys(labels)
  names.sort()
  return JSON.stringify(Object.fromEntries(names.map(name => [name, labels[name]])))
}

export const createSeriesIndex = (): SeriesIndex => {
  const labelsById = new Map<number, Labels>()
  const idByKey = new Map<string, number>()
  const postings = new Map<string, Map<string, Set<number>>>()
  let newest = 0

  const select = (matchers: readonly Matcher[]): readonly number[] => {
    // The smallest set that an equality names is walked; the other matchers are asked of each of it.
    let smallest: Iterable<number> | undefined
    let size = Infinity
    for (const { name, op, value } of matchers) {
      if (op !== '=' || value === '') continue
      const found = postings.get(name)?.get(value)
      if (!found) return []
      if (found.size < size) [smallest, size] = [found, found.size]
    }
    const tests = matchers.map(matcher => ({ name: matcher.name, test: remembering(matches(matcher)) }))
    const ids: number[] = []
    for (const id of smallest ?? labelsById.keys()) {
      const labels = labelsById.get(id)!
      if (tests.every(({ name, test }) => test(labels[name] ?? ''))) ids.push(id)
    }
    return ids.toSorted((a, b) => a - b)
  }

  return {
    add: (id, labels) => {
      labelsById.set(id, labels)
      idByKey.set(labelsKey(labels), id)
      newest = Math.max(newest, id)
      for (const [name, value] of Object.entries(labels)) {
        let values = postings.get(name)
        if (!values) postings.set(name, (values = new Map()))
        const ids = values.get(value)
        if (ids) ids.add(id)
        else values.set(value, new Set([id]))
      }
    },
    remove: id => {
      const labels = labelsById.get(id)
      if (!labels) return
      labelsById.delete(id)
      idByKey.delete(labelsKey(labels))
      for (const [name, value] of Object.entries(labels)) {
        const ids = postings.get(name)!.get(value)!
        ids.delete(id)
        if (ids.size === 0) postings.get(name)!.delete(value)
      }
    },
    idOf: key => idByKey.get(key),
    labelsOf: id => labelsById.get(id),
    select,
    valuesOf: (label, matchers) => {
      if (matchers.length === 0) return [...(postings.get(label)?.keys() ?? [])].toSorted()
      const values = new Set(select(matchers).map(id => labelsById.get(id)![label]))
      return [...values].filter(value => value !== undefined).toSorted()
    },
    size: () => labelsById.size,
    newest: () => newest,
  }
}

/** A label has few values beside how many series have it: each value is tested once. */
const remembering = (test: (value: string) => boolean) => {
  const known = new Map<string, boolean>()
  return (value: string): boolean => {
    let answer = known.get(value)
    if (answer === undefined) known.set(value, (answer = test(value)))
    return answer
  }
}
