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

/** Switches stacks off for the error made next, and returns what switches them on again. */
export const withoutStack = (): (() => void) | undefined => {
  const limit = Error.stackTraceLimit
  // Frozen intrinsics (`node --frozen-intrinsics`, SES) forbid the switch: there the stack is captured after all.
  if (!Reflect.set(Error, 'stackTraceLimit', 0)) return undefined
  return () => {
    Error.stackTraceLimit = limit
  }
}
