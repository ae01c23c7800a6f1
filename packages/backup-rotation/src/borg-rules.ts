import type { CalendarDuration } from './calendar-duration.ts'
import { calendarKey } from './calendar-key.ts'
import type { KeepReason } from './keep-reason.ts'
import type { RuleInput } from './plan-rotation.ts'

const hourMs = 3_600_000
const hoursOf = ({ years, months, days, hours }: CalendarDuration): number => years * 365 * 24 + months * 31 * 24 + days * 24 + hours

/**
 * Borg 1.x's retention (`borg prune`): rules run in order, from `within` and `last` (borg's `secondly`) to `yearly`, and a backup
 * that an earlier rule kept neither counts for a later one nor leaves its bucket open. The oldest is kept by a rule with room left.
 *
 * @throws RangeError when the policy has rules that borg does not know.
 */
export const borgRules = ({ backups, walls, policy, now, isPreferred }: RuleInput): KeepReason[][] => {
  if (policy.withinUnits.length > 0 || policy.tags.length > 0) {
    throw new RangeError('Expected a policy of last, hourly, daily, weekly, monthly, yearly and within: borg knows no others.')
  }
  const size = backups.length
  const reasons: KeepReason[][] = Array.from({ length: size })
  if (policy.within) {
    const start = now - hoursOf(policy.within) * hourMs
    for (let index = 0, position = 1; index < size && backups[index]!.createdAt > start; index++) {
      reasons[index] = [{ rule: 'within', text: 'within', position: position++, oldest: false }]
    }
  }
  const secondly = { unit: 'last' as const, count: policy.last, keyOf: (wallMs: number) => Math.floor(wallMs / 1_000) }
  const rules = [...(policy.last === 0 ? [] : [secondly]), ...policy.counts.map(rule => ({ ...rule, keyOf: calendarKey[rule.unit] }))]
  for (const { unit, count, keyOf } of rules) {
    let previous: number | undefined
    let position = 0
    const name = unit === 'last' ? 'secondly' : unit
    for (let index = 0; index < size && position !== count; index++) {
      const key = keyOf(walls[index]!)
      if (key === previous) continue
      previous = key
      if (reasons[index]) continue
      let chosen = index
      if (isPreferred) {
        for (let other = index; other < size && keyOf(walls[other]!) === key; other++) {
          if (reasons[other] || !isPreferred(backups[other]!)) continue
          chosen = other
          break
        }
      }
      reasons[chosen] = [{ rule: unit, text: name, position: ++position, oldest: false }]
    }
    if (position < count && size > 0 && !reasons[size - 1]) {
      reasons[size - 1] = [{ rule: unit, text: `${name}[oldest]`, position: position + 1, oldest: true }]
    }
  }
  return reasons
}
