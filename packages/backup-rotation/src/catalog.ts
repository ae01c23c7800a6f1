import type { BackupManifest } from './backup-manifest.ts'

/** What verification last found. */
export interface Verification {
  /**
   * `committed`: whole when written, not yet decoded since. `verified`: every byte was decoded and matched.
   * `suspect`: could not be read this time. `corrupt`: something is missing or differs.
   */
  readonly state: 'committed' | 'verified' | 'suspect' | 'corrupt'
  /** When every byte last matched, epoch milliseconds; undefined when never. */
  readonly verifiedAt?: number
  /** When it was last restored on trial and matched, epoch milliseconds; undefined when never. */
  readonly drilledAt?: number
  /** When it was last looked at in any way, epoch milliseconds. */
  readonly checkedAt?: number
  /** What was wrong, in words. */
  readonly finding?: string
}

/** A backup: its manifest, and what is known of its state. */
export interface BackupRecord extends BackupManifest {
  /** What verification last found. */
  readonly verification: Verification
  /** Whether a person agreed to its anomalies. */
  readonly approved: boolean
}

/** All backups of a vault. */
export interface Catalog {
  readonly records: Map<string, BackupRecord>
  /** Backups whose manifest cannot be read and is not remembered either. */
  readonly damaged: ReadonlySet<string>
}

/** Writes the catalog. It only saves time and remembers verification: manifests alone say what there is. */
export const encodeCatalog = (catalog: Catalog): Buffer =>
  Buffer.from(JSON.stringify({ format: 'hivekit-backup-catalog', version: 1, records: [...catalog.records.values()] }))

/** Reads a catalog; one that is damaged is as good as none. */
export const decodeCatalog = (stored: Uint8Array): ReadonlyMap<string, BackupRecord> => {
  try {
    const { format, version, records } = JSON.parse(Buffer.from(stored).toString()) as { format: string; version: number; records: BackupRecord[] }
    if (format !== 'hivekit-backup-catalog' || version !== 1) return new Map()
    return new Map(records.map(record => [record.id, record]))
  } catch {
    return new Map()
  }
}

/** A manifest seen for the first time. */
export const newRecord = (manifest: BackupManifest): BackupRecord => ({ ...manifest, verification: { state: 'committed' }, approved: false })
