/** Splits bytes into lines, keeping at most one line of bounded length. */
export interface LineSplitter {
  /** Calls back for every line that ends in this chunk. Lines over the bound are dropped and told by their length. */
  readonly push: (chunk: Buffer) => void
  /** The rest, which no line break ended. */
  readonly flush: () => void
}

/** Makes a {@link LineSplitter}. A line comes without its `\n` or `\r\n`. */
export const splitLines = (
  maxLineBytes: number,
  onLine: (line: Buffer) => void,
  onTooLong: (bytes: number) => void,
): LineSplitter => {
  let parts: Buffer[] = []
  let length = 0

  const keep = (part: Buffer) => {
    length += part.length
    if (length <= maxLineBytes) parts.push(part)
    else parts = []
  }
  const end = () => {
    const line = parts.length === 1 ? parts[0]! : Buffer.concat(parts)
    const bytes = length
    parts = []
    length = 0
    if (bytes > maxLineBytes) onTooLong(bytes)
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
