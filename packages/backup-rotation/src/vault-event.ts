/** What a vault is doing, for logs and metrics. */
export type VaultEvent =
  | { /** What happened. */ readonly type: 'created'; /** Which backup. */ readonly id: string; /** Size in bytes. */ readonly bytes: number; /** Bytes newly stored. */ readonly storedBytes: number; /** Whether an earlier archive is shared. */ readonly unchanged: boolean; /** How long it took, in ms. */ readonly durationMs: number }
  | { /** What happened. */ readonly type: 'checked'; /** Which backup. */ readonly id: string; /** What it is now. */ readonly state: 'verified' | 'committed' | 'suspect' | 'corrupt'; /** How closely it was looked at. */ readonly depth: string; /** What is wrong. */ readonly finding?: string }
  | { /** What happened. */ readonly type: 'trashed' | 'purged' | 'undeleted' | 'approved'; /** Which backup. */ readonly id: string; /** Why, in words. */ readonly reason?: string }
  | { /** What happened. */ readonly type: 'recompressed'; /** Which backup. */ readonly id: string; /** Stored bytes before. */ readonly before: number; /** Stored bytes after. */ readonly after: number }
  | { /** What happened. */ readonly type: 'restored'; /** Which backup. */ readonly id: string; /** Size in bytes. */ readonly bytes: number }
  | { /** What happened. */ readonly type: 'anomaly'; /** Which backup. */ readonly id: string; /** Why, in words. */ readonly reason: string }
  | { /** What happened. */ readonly type: 'repaired'; /** What was being done. */ readonly operation: string; /** The backups that share the archive. */ readonly ids: readonly string[] }
  | { /** What happened. */ readonly type: 'failed'; /** What was being done. */ readonly operation: string; /** The error code. */ readonly code: string; /** What happened, in words. */ readonly message: string }

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
