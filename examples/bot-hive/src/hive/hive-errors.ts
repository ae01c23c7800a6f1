import { createErrorMetrics, createRecovery, errorCodes, isErrorCode, type ErrorMetrics, type Recovery } from '@hivekit/errors'
import type { HiveEvent } from './model.ts'

/** What goes wrong in a hive, counted in one place. */
export interface HiveErrors {
  readonly metrics: ErrorMetrics
  /** Takes every event that is published: a reply that failed counts under its bot. */
  observe(event: HiveEvent): void
  /** Asks the disk whether it takes a write. It may hang, so it has a time limit; a hiccup is asked again. */
  readonly probe: Recovery
}

export const createHiveErrors = (): HiveErrors => {
  const metrics = createErrorMetrics()
  return {
    metrics,
    observe: event => {
      if (event.type !== 'message' || event.message.state !== 'failed') return
      const { code } = event.message.error ?? {}
      const known = isErrorCode(code) ? code : 'internal'
      metrics.record(`reply of ${event.botId}`, { code: known, kind: errorCodes[known].kind })
    },
    probe: createRecovery({ name: 'readiness', metrics, deadlineMs: 3_000, attemptTimeoutMs: 2_000, retry: { maxAttempts: 2 } }),
  }
}
