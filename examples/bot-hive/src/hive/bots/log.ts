/** A line that a bot printed and that is not protocol. */
export interface LogLine {
  /** Epoch milliseconds. */
  readonly at: number
  /** Where it came from. */
  readonly stream: 'stderr' | 'stdout'
  /** At most 2 000 UTF-16 units, without the line break. */
  readonly text: string
}
