/** How a process ended. */
export interface Exit {
  /** Its exit code, unless a signal ended it. */
  readonly code: number | null
  /** The signal that ended it. */
  readonly signal: NodeJS.Signals | null
}

/** Says in plain words how a process ended, with the last thing it complained about. */
export const describeExit = ({ code, signal }: Exit, lastComplaint?: string): string => {
  const how = signal === null ? `Exited with code ${code ?? 'unknown'}` : `Killed by ${signal}`
  return lastComplaint ? `${how}: ${lastComplaint}` : `${how}.`
}
