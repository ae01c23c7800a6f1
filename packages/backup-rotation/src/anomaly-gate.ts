import type { BackupManifest } from './backup-manifest.ts'
import type { BackupRecord } from './catalog.ts'

/** When a backup counts as unlike its history. */
export interface AnomalyLimits {
  /** How many earlier backups of the set there must be. Default 3. */
  readonly minHistory: number
  /** Smaller than this part of the median size is an anomaly. Default 0.5. */
  readonly smallerThan: number
  /** Larger than so many times the median size is an anomaly. Default 4. */
  readonly largerThan: number
  /** Compressing worse by this much, as a part of the raw size, is one: encrypted or random content does. Default 0.25. */
  readonly moreRandomBy: number
}

/** The limits unless others are given. */
export const defaultAnomalyLimits: AnomalyLimits = { minHistory: 3, smallerThan: 0.5, largerThan: 4, moreRandomBy: 0.25 }

const recent = 15
const smallestMeasured = 64 << 10

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!

/** Compares a new backup with the recent ones of its set; answers with what is unusual, in words. */
export const findAnomalies = (
  { bytes, payload }: Pick<BackupManifest, 'bytes' | 'payload'>, history: readonly BackupRecord[], limits: AnomalyLimits,
): string[] => {
  const normal = history.filter(record => record.anomalies.length === 0 || record.approved).slice(-recent)
  if (normal.length < limits.minHistory) return []
  const found: string[] = []
  const usual = median(normal.map(record => record.bytes))
  const rounded = (value: number): string => value.toPrecision(2)
  if (bytes < usual * limits.smallerThan) found.push(`far smaller than usual: ${bytes} bytes where ${usual} are usual`)
  if (usual > 0 && bytes > usual * limits.largerThan) found.push(`far larger than usual: ${bytes} bytes where ${usual} are usual`)
  const packed = ({ payload: { bytes: stored, rawBytes } }: Pick<BackupManifest, 'payload'>): number => stored / rawBytes
  const measured = normal.filter(record => record.payload.rawBytes >= smallestMeasured)
  if (payload.rawBytes >= smallestMeasured && measured.length >= limits.minHistory) {
    const usualRatio = median(measured.map(packed))
    if (packed({ payload }) > usualRatio + limits.moreRandomBy) {
      found.push(`far more random than usual: packs to ${rounded(packed({ payload }))} of its size where ${rounded(usualRatio)} is usual`)
    }
  }
  return found
}
