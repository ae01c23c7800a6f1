/** What a vault is doing, for logs and metrics. */
export type VaultEvent =
  | { readonly type: 'created'; readonly id: string; readonly bytes: number; readonly storedBytes: number; readonly unchanged: boolean; readonly durationMs: number }
  | { readonly type: 'checked'; readonly id: string; readonly state: 'verified' | 'committed' | 'suspect' | 'corrupt'; readonly depth: string; readonly finding?: string }
  | { readonly type: 'trashed' | 'purged' | 'undeleted' | 'approved'; readonly id: string; readonly reason?: string }
  | { readonly type: 'recompressed'; readonly id: string; readonly before: number; readonly after: number }
  | { readonly type: 'restored'; readonly id: string; readonly bytes: number }
  | { readonly type: 'anomaly'; readonly id: string; readonly reason: string }
  | { readonly type: 'repaired'; readonly operation: string; readonly ids: readonly string[] }
  | { readonly type: 'failed'; readonly operation: string; readonly code: string; readonly message: string }

/** How far long work has come. */
export interface BackupProgress {
  /** What is being done. */
  readonly phase: 'scan' | 'pack' | 'verify' | 'restore' | 'recompress' | 'export'
  /** Which backup, when there is one. */
  readonly id?: string
  /** Bytes done. */
  readonly bytes: number
  /** Bytes in all, as far as known; 0 when unknown. */
  readonly totalBytes: number
}
