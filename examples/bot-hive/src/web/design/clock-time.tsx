import { useNow } from './use-now.ts'

const time = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' })
const day = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' })
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' })

const sameDay = (a: Date, b: Date) => a.toDateString() === b.toDateString()

/** A time of today as hours, an earlier one as its day. */
export const ClockTime = ({ at, className }: { readonly at: number; readonly className?: string }) => {
  const date = new Date(at)
  const now = useNow(60_000, false)
  const text = sameDay(date, new Date(now)) ? time.format(date) : day.format(date)
  return <time className={className} dateTime={date.toISOString()} title={full.format(date)}>{text}</time>
}
