import type { ErrorCode } from './error-codes.ts'

/**
 * Whether an error captures a stack when it is made.
 *
 * - `full`: always, about 7 µs.
 * - `sampled`: the first of its code and each 128th after it; about 0.5 µs on average.
 * - `none`: never; for failures that are expected and made on a hot path.
 */
export type StackCapture = 'full' | 'sampled' | 'none'

const sampleEvery = 128
const made = new Map<ErrorCode, number>()

/** Decides whether the next error of this code captures its stack, and counts it if it is sampled. */
export const capturesStack = (code: ErrorCode, capture: StackCapture = 'full'): boolean => {
  if (capture !== 'sampled') return capture === 'full'
  const count = made.get(code) ?? 0
  made.set(code, count + 1)
  return count % sampleEvery === 0
}

/** Sets how many frames the errors made next capture, and returns how many it was. */
export const setStackFrames = (frames: number): number => {
  const before = Error.stackTraceLimit
  try {
    Error.stackTraceLimit = frames
  } catch {
    // Frozen intrinsics (`node --frozen-intrinsics`, SES) forbid it: there the stack is captured after all.
  }
  return before
}
