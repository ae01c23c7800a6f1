const dayMs = 86_400_000
const minuteMs = 60_000

/**
 * Makes a fast lookup of a zone's offset from UTC, in milliseconds. `Intl` answers once per UTC day and again within a day
 * whose ends differ, so that a hundred thousand lookups cost a few milliseconds and no change of clocks is missed.
 *
 * @throws RangeError when the zone is unknown.
 */
export const timeZoneOffset = (timeZone: string): ((epochMs: number) => number) => {
  if (timeZone === 'UTC') return () => 0
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric',
  })
  const exact = (epochMs: number): number => {
    const at: Record<string, number> = {}
    for (const { type, value } of format.formatToParts(epochMs)) at[type] = Number(value)
    const wall = Date.UTC(at.year!, at.month! - 1, at.day, at.hour, at.minute, at.second)
    return wall - Math.floor(epochMs / 1_000) * 1_000
  }
  const atStart = new Map<number, number>()
  const startOf = (day: number): number => {
    let offset = atStart.get(day)
    if (offset === undefined) atStart.set(day, (offset = exact(day * dayMs)))
    return offset
  }
  const changes = new Map<number, number>()
  /** The first minute of the day that has the day's last offset. */
  const changeOf = (day: number): number => {
    const known = changes.get(day)
    if (known !== undefined) return known
    let before = day * dayMs
    let after = before + dayMs
    while (after - before > minuteMs) {
      const middle = Math.floor((before + after) / 2 / minuteMs) * minuteMs
      if (exact(middle) === startOf(day)) before = middle
      else after = middle
    }
    changes.set(day, after)
    return after
  }
  return epochMs => {
    const day = Math.floor(epochMs / dayMs)
    const first = startOf(day)
    const last = startOf(day + 1)
    return first === last || epochMs < changeOf(day) ? first : last
  }
}
