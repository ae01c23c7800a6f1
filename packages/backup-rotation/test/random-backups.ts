import fc from 'fast-check'
import type { RotationCandidate, RotationPolicy } from '@hivekit/backup-rotation'

const hourMs = 3_600_000
const gaps = fc.oneof(
  fc.integer({ min: 1, max: 90 * 60_000 }), fc.integer({ min: hourMs, max: 30 * hourMs }),
  fc.integer({ min: 5 * 24 * hourMs, max: 45 * 24 * hourMs }), fc.integer({ min: 200 * 24 * hourMs, max: 500 * 24 * hourMs }),
)

/** One set of backups with times of every rhythm, distinct to the millisecond, some after now. */
export const backupSet = (now: number): fc.Arbitrary<RotationCandidate[]> =>
  fc.record({
    newest: fc.integer({ min: now - 400 * 24 * hourMs, max: now + 20 * 24 * hourMs }),
    steps: fc.array(fc.tuple(gaps, fc.constantFrom(0, 60, 120, 330, -210, -480), fc.subarray(['x', 'y', 'z'])), { minLength: 1, maxLength: 40 }),
  }).map(({ newest, steps }) => {
    let createdAt = newest
    return steps.map(([gap, utcOffsetMinutes, tags], index) => {
      createdAt -= gap
      return { id: `b${index}`, createdAt, utcOffsetMinutes, tags }
    })
  })

const defined = <T extends object>(record: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as { [K in keyof T]: Exclude<T[K], undefined> }

const count = (unlimited: boolean) => fc.oneof(fc.constant(0), fc.integer({ min: unlimited ? -1 : 0, max: 12 }))
const span = fc.option(
  fc.tuple(fc.nat(3), fc.nat(14), fc.nat(40), fc.nat(50)).map(([y, m, d, h]) => `${y}y${m}m${d}d${h}h`).filter(text => text !== '0y0m0d0h'),
  { nil: undefined },
)

/** Any policy that keeps something of every set, by restic's rules. */
export const resticPolicy = (unlimited: boolean): fc.Arbitrary<RotationPolicy> =>
  fc.record({
    last: count(unlimited), hourly: count(unlimited), daily: count(unlimited), weekly: count(unlimited), monthly: count(unlimited),
    yearly: count(unlimited), within: span, withinHourly: span, withinDaily: span, withinWeekly: span, withinMonthly: span, withinYearly: span,
    tags: fc.array(fc.subarray(['x', 'y', 'z'], { minLength: 1 }), { maxLength: 2 }),
  }).map(defined).filter(policy => Object.entries(policy).some(([key, value]) => key !== 'tags' && value !== 0))

/** Any policy by borg's rules; `within` has one unit there. */
export const borgPolicy: fc.Arbitrary<RotationPolicy> = fc
  .record({
    last: count(true), hourly: count(true), daily: count(true), weekly: count(true), monthly: count(true), yearly: count(true),
    within: fc.option(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.constantFrom('h', 'd', 'm', 'y')).map(([n, unit]) => `${n}${unit}`), { nil: undefined }),
  }).map(defined).filter(policy => Object.entries(policy).some(([key, value]) => key !== 'within' && value !== 0))
