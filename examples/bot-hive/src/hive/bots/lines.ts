/** Splits bytes into lines, keeping at most one line of bounded length. */
export interface LineSplitter {
  /** Calls back for every line that ends in this chunk. */
  readonly push: (chunk: Buffer) => void
  /** The rest, which no line break ended. */
  readonly flush: () => void
}

/** What becomes of the lines. */
export interface LineHandlers {
  /** A line, without its `\n` or `\r\n`. */
  readonly onLine: (line: Buffer) => void
  /** Bytes of a line over the bound were dropped; the line may go on. */
  readonly onDropped?: (bytes: number) => void
  /** A line over the bound has ended; nothing of it is left. */
  readonly onTooLong?: (lineBytes: number) => void
}

/** Makes a {@link LineSplitter}. */
export const splitLines = (maxLineBytes: number, { onLine, onDropped, onTooLong }: LineHandlers): LineSplitter => {
  let parts: Buffer[] = []
  let length = 0

  const keep = (part: Buffer) => {
    const before = length
    length += part.length
    if (length <= maxLineBytes) {
      parts.push(part)
      return
    }
    parts = []
    onDropped?.(before > maxLineBytes ? part.length : length)
  }
  const end = () => {
    const line = parts.length === 1 ? parts[0]! : Buffer.concat(parts)
    const bytes = length
    parts = []
    length = 0
    if (bytes > maxLineBytes) onTooLong?.(bytes)
    else onLine(line.at(-1) === 0x0d ? line.subarray(0, -1) : line)
  }

  return {
    push: chunk => {
      let from = 0
      for (let to = chunk.indexOf(0x0a); to !== -1; to = chunk.indexOf(0x0a, from)) {
        keep(chunk.subarray(from, to))
        end()
        from = to + 1
      }
      if (from < chunk.length) keep(chunk.subarray(from))
    },
    flush: () => {
      if (length > 0) end()
    },
  }
}
