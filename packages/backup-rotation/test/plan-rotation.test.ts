import { explainRotation, forecastRotation, parseCalendarDuration, planRotation, type RotationCandidate } from '@hivekit/backup-rotation'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { backupSet, resticPolicy } from './random-backups.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const now = Date.UTC(2026, 10, 24, 12)
const daily = (count: number): RotationCandidate[] =>
  Array.from({ length: count }, (_, n) => ({ id: `d${String(n).padStart(4, '0')}`, createdAt: now - (count - n) * dayMs }))

test('an empty policy is refused rather than read as: remove everything', () => {
  for (const policy of [{}, { last: 0 }, { within: '0h' }, { tags: [] }]) expect(() => planRotation(daily(3), policy, { now })).toThrow(/empty/)
})

test('a misspelt rule, a fraction and a malformed span are refused', () => {
  expect(() => planRotation([], { dayly: 3 } as never, { now })).toThrow(/Unknown rule "dayly"/)
  expect(() => planRotation([], { daily: 1.5 }, { now })).toThrow(/got 1.5/)
  expect(() => planRotation([], { within: '7 days' }, { now })).toThrow(/"7 days"/)
  expect(() => planRotation([], { last: 1 }, { now, timeZone: 'Mars/Olympus' })).toThrow(RangeError)
})

test('a policy that would empty a set is refused', () => {
  const tagged = [{ id: 'a', createdAt: 1, host: 'one', tags: ['x'] }, { id: 'b', createdAt: 2, host: 'two' }]
  expect(() => planRotation(tagged, { tags: ['x'] }, { now })).toThrow(/host two/)
})

test('an oldest backup is kept by every rule with room left', () => {
  const sameDay = Array.from({ length: 4 }, (_, n) => ({ id: `s${n}`, createdAt: now + n * 60_000 }))
  const { keep, remove } = planRotation(sameDay, { daily: 3 }, { now: now + dayMs })
  expect(keep.map(({ backup, reasons }) => [backup.id, reasons[0]!.oldest])).toEqual([['s3', false], ['s0', true]])
  expect(remove.map(backup => backup.id)).toEqual(['s2', 's1'])
})

test('days are those of the zone asked for, on both days of a change of clocks', () => {
  // 2026-03-29 in Berlin has 23 hours, 2026-10-25 has 25.
  for (const [from, hours] of [[Date.UTC(2026, 2, 28, 23), 23], [Date.UTC(2026, 9, 24, 22), 25]] as const) {
    const hourly = Array.from({ length: hours + 24 }, (_, n) => ({ id: `h${String(n).padStart(2, '0')}`, createdAt: from + n * hourMs }))
    const { keep } = planRotation(hourly, { daily: 1 }, { now: from + 48 * hourMs, timeZone: 'Europe/Berlin' })
    expect(keep[0]!.backup.id).toBe(`h${hours + 23}`)
    const two = planRotation(hourly, { daily: 2 }, { now: from + 48 * hourMs, timeZone: 'Europe/Berlin' })
    expect(two.keep[1]!.backup.id).toBe(`h${hours - 1}`)
  }
})

test('backups of the same time are told apart by id', () => {
  const twins = [{ id: 'a', createdAt: 5 }, { id: 'c', createdAt: 5 }, { id: 'b', createdAt: 5 }]
  expect(planRotation(twins, { last: 1 }, { now }).keep[0]!.backup.id).toBe('c')
})

test('a plan does not depend on the order given, loses nothing and repeats to the same', () => {
  fc.assert(fc.property(backupSet(now), resticPolicy(true), fc.infiniteStream(fc.double({ noNaN: true })), (set, policy, random) => {
    const plan = planRotation(set, policy, { now })
    const shuffled = set.map(backup => [random.next().value as number, backup] as const).toSorted(([a], [b]) => a - b).map(([, b]) => b)
    expect(planRotation(shuffled, policy, { now })).toEqual(plan)
    expect([...plan.keep.map(({ backup }) => backup.id), ...plan.remove.map(b => b.id)].toSorted()).toEqual(set.map(b => b.id).toSorted())
    expect(plan.keep.every(({ reasons }) => reasons.length > 0)).toBe(true)
    const kept = plan.keep.map(({ backup }) => backup)
    expect(planRotation(kept, policy, { now }).remove).toEqual([])
  }))
})

test('a verified backup stands for its day when asked, and no bucket is lost by it', () => {
  const set = [
    { id: 'a', createdAt: now, verified: false }, { id: 'b', createdAt: now - hourMs, verified: true },
    { id: 'c', createdAt: now - dayMs, verified: false },
  ]
  const ids = (preferVerified: boolean): string[] => planRotation(set, { daily: 2 }, { now, preferVerified }).keep.map(({ backup }) => backup.id)
  expect(ids(false)).toEqual(['a', 'c'])
  expect(ids(true)).toEqual(['b', 'c'])
  fc.assert(fc.property(backupSet(now), fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }), (backups, flags) => {
    const marked = backups.map((backup, index) => ({ ...backup, verified: flags[index]! }))
    for (const semantics of ['restic', 'borg'] as const) {
      const days = (preferVerified: boolean): number[] =>
        planRotation(marked, { daily: 9 }, { now, timeZone: 'UTC', semantics, preferVerified }).keep
          .filter(({ reasons }) => !reasons[0]!.oldest).map(({ backup }) => Math.floor(backup.createdAt / dayMs))
      expect(days(true)).toEqual(days(false))
    }
  }))
})

test('sets are rotated each by itself', () => {
  const set = ['one', 'two'].flatMap(host => daily(5).map(backup => ({ ...backup, id: host + backup.id, host })))
  expect(planRotation(set, { last: 2 }, { now }).keep).toHaveLength(4)
  expect(planRotation(set, { last: 2, groupBy: [] }, { now }).keep).toHaveLength(2)
})

test('an explanation says why, and until when', () => {
  const set = daily(10)
  const { kept, reasons, until, sentence } = explainRotation('d0008', set, { last: 3 }, { now })
  expect({ kept, rule: reasons[0]!.rule, position: reasons[0]!.position }).toEqual({ kept: true, rule: 'last', position: 2 })
  expect(until).toBe(now + 2 * dayMs)
  expect(sentence).toContain('Kept as last snapshot 2, until 2026-11-26')
  const gone = explainRotation('d0001', set, { last: 3 }, { now })
  expect(gone).toMatchObject({ kept: false, until: undefined, nearest: { id: 'd0007' } })
  expect(explainRotation('d0009', set, { yearly: -1 }, { now }).until).toBe(now + dayMs)
  expect(explainRotation('d0000', set, { yearly: -1 }, { now, horizonYears: 1 }).until).toBeUndefined()
  expect(() => explainRotation('none', set, { last: 1 }, { now })).toThrow(/No backup "none"/)
})

test('a forecast settles at what the policy keeps, and counts growth', () => {
  const points = forecastRotation({ last: 5 }, { everyMs: dayMs, bytes: 100 }, { now, years: 1, points: 12 })
  expect(points.at(-1)).toMatchObject({ backups: 5, bytes: 500 })
  expect(points.length).toBeGreaterThanOrEqual(12)
  const grown = forecastRotation({ last: 5 }, { everyMs: dayMs, bytes: 100, growthPerYear: 1 }, { now, years: 1 })
  expect(grown.at(-1)!.bytes).toBeGreaterThan(980)
  expect(grown.at(-1)!.bytes).toBeLessThan(1_000)
})

test('spans read and refuse as restic writes them', () => {
  expect(parseCalendarDuration('1y2m3d4h')).toEqual({ years: 1, months: 2, days: 3, hours: 4 })
  for (const bad of ['', '1w', '-1d', 'd', '1.5d']) expect(() => parseCalendarDuration(bad)).toThrow(RangeError)
})
