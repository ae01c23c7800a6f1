import { stripVTControlCharacters } from 'node:util'
import type { Clock } from './clock.ts'

/** A line that a bot printed and that is not protocol. */
export interface LogLine {
  /** Epoch milliseconds. */
  readonly at: number
  /** Where it came from. */
  readonly stream: 'stderr' | 'stdout'
  /** At most 2 000 UTF-16 units, without the line break. */
  readonly text: string
}

/** The last lines of a bot, bounded in number, length and rate. */
export interface BotLog {
  /** Keeps a line, unless too many came in this second; how many were left out is said in the next one. */
  readonly write: (stream: LogLine['stream'], text: string) => void
  /** The last line on stderr since `mark`. */
  readonly lastComplaint: () => string | undefined
  /** Forgets the last complaint: a new process begins. */
  readonly mark: () => void
  /** Oldest first. */
  readonly lines: () => LogLine[]
}

const maxLines = 500
const maxLinesPerSecond = 50
const maxChars = 2_000

/** Makes a {@link BotLog}. */
export const createLog = (clock: Clock, onLine: (line: LogLine) => void = () => {}): BotLog => {
  const ring: LogLine[] = []
  let complaint: string | undefined
  let second = 0
  let inSecond = 0
  let leftOut = 0

  const keep = (line: LogLine) => {
    ring.push(line)
    if (ring.length > maxLines) ring.shift()
    onLine(line)
  }

  return {
    write: (stream, raw) => {
      const text = clean(raw)
      if (text === '') return
      if (stream === 'stderr') complaint = text.slice(0, 300)
      const at = clock.now()
      const now = Math.floor(at / 1_000)
      if (now !== second) {
        second = now
        inSecond = 0
        if (leftOut > 0) keep({ at, stream, text: `(${leftOut} lines left out: too many at once)` })
        leftOut = 0
      }
      if (++inSecond > maxLinesPerSecond) leftOut++
      else keep({ at, stream, text })
    },
    lastComplaint: () => complaint,
    mark: () => {
      complaint = undefined
    },
    lines: () => [...ring],
  }
}

const clean = (raw: string) => {
  // Cut first: garbage may be megabytes long.
  const text = stripVTControlCharacters(raw.slice(0, maxChars * 2)).replaceAll(/[^\P{Cc}\t]/gu, '').trim()
  return text.length > maxChars ? `${text.slice(0, maxChars - 1)}…` : text
}
