/** Tells times in one zone, as `2026-11-24 09:30:05`. A zone that is not known throws a RangeError. */
export const createTimeFormat = (timeZone: string): ((at: number) => string) => {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23',
  })
  return at => format.format(at).replace(', ', ' ')
}
