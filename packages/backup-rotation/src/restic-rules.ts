import { formatCalendarDuration, wallBefore, type CalendarDuration } from './calendar-duration.ts'
import { calendarKey, type CalendarUnit } from './calendar-key.ts'
import type { KeepReason } from './keep-reason.ts'
import type { RuleInput } from './plan-rotation.ts'

/**
 * Restic's retention (internal/data/snapshot_policy.go of restic 0.17 and later): rules are independent; a backup opens a bucket
 * when its key differs from the one before; the oldest backup is kept by every rule that has room left.
 */
export const resticRules = ({ backups, walls, policy, now, offset, isPreferred }: RuleInput): KeepReason[][] => {
  const size = backups.length
  const reasons: KeepReason[][] = Array.from({ length: size })
  const keep = (index: number, reason: KeepReason): void => {
    if (reasons[index]) reasons[index].push(reason)
    else reasons[index] = [reason]
  }

  for (const list of policy.tags) {
    backups.forEach((backup, index) => {
      const tags = backup.tags ?? []
      if (!list.every(tag => tags.includes(tag) || (tag === '' && tags.length === 0))) return
      keep(index, { rule: 'tags', text: `has tags [${list.join(', ')}]`, position: 0, oldest: false })
    })
  }

  // `within` counts from the newest backup that is not in the future; with none such, from the beginning of time.
  const newest = backups.find(backup => backup.createdAt < now)
  const after = (span: CalendarDuration): number => {
    if (!newest) return -Infinity
    const wall = wallBefore(newest.createdAt + offset(newest), span)
    const guess = wall - offset({ ...newest, createdAt: wall - offset(newest) })
    return wall - offset({ ...newest, createdAt: guess }) - span.hours * 3_600_000
  }
  if (policy.within) {
    const start = after(policy.within)
    const text = `within ${formatCalendarDuration(policy.within)}`
    for (let index = 0; index < size && backups[index]!.createdAt > start; index++) {
      keep(index, { rule: 'within', text, position: 0, oldest: false })
    }
  }

  const last = policy.last === -1 ? size : Math.min(policy.last, size)
  for (let index = 0; index < last; index++) keep(index, { rule: 'last', text: 'last snapshot', position: index + 1, oldest: false })

  const fill = (unit: CalendarUnit, room: number, start: number, rule: KeepReason['rule'], text: string): void => {
    const keyOf = calendarKey[unit]
    let previous: number | undefined
    let chosen = -1
    for (let index = 0, position = 1; index < size && position <= room && backups[index]!.createdAt > start; index++) {
      const key = keyOf(walls[index]!)
      const opens = key !== previous
      if (!opens && (index < size - 1 || chosen === index)) continue
      previous = key
      chosen = index
      if (opens && isPreferred) {
        for (let other = index; other < size && backups[other]!.createdAt > start && keyOf(walls[other]!) === key; other++) {
          if (!isPreferred(backups[other]!)) continue
          chosen = other
          break
        }
      }
      keep(chosen, { rule, text: opens ? text : `oldest ${text}`, position: position++, oldest: !opens })
    }
  }
  for (const { unit, count } of policy.counts) fill(unit, count === -1 ? Infinity : count, -Infinity, unit, `${unit} snapshot`)
  for (const { unit, span } of policy.withinUnits) {
    fill(unit, Infinity, after(span), `within ${unit}`, `${unit} within ${formatCalendarDuration(span)}`)
  }
  return reasons
}
