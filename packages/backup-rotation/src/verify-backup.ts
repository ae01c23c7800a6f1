import { HiveError } from '@hivekit/errors'
import { createHash } from 'node:crypto'
import type { BackupRecord, Verification } from './catalog.ts'
import { toHiveError } from './failure.ts'
import type { FileIndex } from './file-index.ts'
import { expectEntries } from './expect-entries.ts'
import { hashTree } from './hash-tree.ts'
import { readIndex, readRaw, readSample } from './payload-reader.ts'
import { readArchive } from './read-archive.ts'
import { withScratch } from './scratch-folder.ts'
import { unpackArchive } from './unpack-archive.ts'
import { loadCatalog, readManifest, saveCatalog, type VaultContext } from './vault-context.ts'
import type { BackupProgress } from './vault-event.ts'

/**
 * How closely to look. `quick`: manifest, presence and sizes. `deep`: every byte decoded and every file hashed. `drill`: restored into
 * a scratch folder and compared there. `{ part, of }`: the n-th of t parts decoded, so that t runs read everything once.
 */
export type VerifyDepth = 'quick' | 'deep' | 'drill' | { /** Which part, from 1. */ readonly part: number; /** Of how many parts. */ readonly of: number }

/** What to verify. */
export interface VerifyRequest {
  /** How closely to look. Default `deep`. */
  readonly depth?: VerifyDepth
  /** Which backups. Default: all, those verified longest ago first. */
  readonly ids?: readonly string[]
  /** Begins no further backup after so many milliseconds, but always one; the next run goes on with the others. Default: no limit. */
  readonly budgetMs?: number
  /** Told how far it has come. */
  readonly onProgress?: (progress: BackupProgress) => void
  /** Cancels; what was found until then is kept. */
  readonly signal?: AbortSignal
}

/** What was found. */
export interface VerifyReport {
  /** Every backup that was looked at. */
  readonly checked: readonly { /** Which backup. */ readonly id: string; /** What was found. */ readonly verification: Verification }[]
  /** Backups that the budget left no time for. */
  readonly left: number
  /** Whether nothing is corrupt or suspect among those checked. */
  readonly sound: boolean
}

/** Verifies backups and remembers what was found. Only the writing down is done under the lock. */
export const verifyBackups = async (context: VaultContext, request: VerifyRequest): Promise<VerifyReport> => {
  const { depth = 'deep', ids, budgetMs = Infinity, onProgress, signal } = request
  checkDepth(depth)
  const began = performance.now()
  const catalog = await loadCatalog(context, { signal })
  const missing = ids?.find(id => !catalog.records.has(id) && !catalog.damaged.has(id))
  if (missing !== undefined) throw new HiveError('not_found', `There is no backup ${missing}.`, { details: { id: missing } })
  const age = (record: BackupRecord): number => (depth === 'drill' ? record.verification.drilledAt : record.verification.verifiedAt) ?? 0
  const wanted = [...catalog.records.values()].filter(record => !ids || ids.includes(record.id)).toSorted((a, b) => age(a) - age(b) || a.createdAt - b.createdAt)
  const found = new Map<string, Verification>()
  // Backups of an unchanged source share their bytes, and so what was found about them.
  const byPayload = new Map<string, Verification>()
  let left = 0
  for (const record of wanted) {
    if (found.size > 0 && performance.now() - began >= budgetMs) {
      left++
      continue
    }
    const known = byPayload.get(record.payload.key)
    const verification = known ? await withManifest(context, record, known, signal) : await verifyOne(context, record, depth, onProgress, signal)
    byPayload.set(record.payload.key, known ?? verification)
    found.set(record.id, verification)
  }
  if (found.size > 0) await remember(context, found, signal)
  const checked = [...found].map(([id, verification]) => ({ id, verification }))
  for (const id of catalog.damaged) {
    if (!ids || ids.includes(id)) checked.push({ id, verification: { state: 'corrupt', checkedAt: context.clock(), finding: 'Its manifest is damaged.' } })
  }
  for (const { id, verification: { state, finding } } of checked) {
    context.emit({ type: 'checked', id, state, depth: typeof depth === 'string' ? depth : `${depth.part}/${depth.of}`, ...(finding && { finding }) })
  }
  return { checked, left, sound: checked.every(({ verification: { state } }) => state === 'verified' || state === 'committed') }
}

const checkDepth = (depth: VerifyDepth): void => {
  if (typeof depth === 'string') {
    if (!['quick', 'deep', 'drill'].includes(depth)) throw new RangeError(`Expected depth "quick", "deep", "drill" or { part, of }, got ${JSON.stringify(depth)}.`)
    return
  }
  const { part, of } = depth
  if (!Number.isInteger(of) || of < 1 || !Number.isInteger(part) || part < 1 || part > of) throw new RangeError(`Expected a part from 1 to of, got ${part} of ${of}.`)
}

const withManifest = async (context: VaultContext, record: BackupRecord, known: Verification, signal: AbortSignal | undefined): Promise<Verification> => {
  const quick = await verifyOne(context, record, 'quick', undefined, signal)
  return quick.state === 'corrupt' || quick.state === 'suspect' ? quick : known
}

/** Looks at one backup and says what its state is now. Cancelling and missing keys are not findings: they are thrown. */
export const verifyOne = async (
  context: VaultContext, record: BackupRecord, depth: VerifyDepth, onProgress: VerifyRequest['onProgress'], signal: AbortSignal | undefined,
): Promise<Verification> => {
  const { finding: _, ...before } = record.verification
  const now = context.clock()
  try {
    await look(context, record, depth, onProgress, signal)
    if (depth === 'deep') return { ...before, state: 'verified', verifiedAt: now, checkedAt: now }
    if (depth === 'drill') return { ...before, state: 'verified', verifiedAt: now, drilledAt: now, checkedAt: now }
    // A look at a part neither promotes a backup nor clears it of what a closer look found.
    return { ...record.verification, ...(before.state === 'suspect' && { state: 'committed' as const }), checkedAt: now }
  } catch (thrown) {
    const error = toHiveError(thrown)
    if (error.code === 'cancelled' || error.code === 'forbidden') throw error
    const corrupt = error.code === 'data_corrupt' || error.code === 'not_found' || error.code === 'too_large'
    return { ...before, state: corrupt ? 'corrupt' : 'suspect', checkedAt: now, finding: error.message }
  }
}

const look = async (
  context: VaultContext, record: BackupRecord, depth: VerifyDepth, onProgress: VerifyRequest['onProgress'], signal: AbortSignal | undefined,
): Promise<void> => {
  const { payload } = await readManifest(context.store, record.id, signal)
  for (const { key, bytes } of [payload, payload.index]) {
    const stored = await context.store.stat(key, { signal })
    if (!stored) throw new HiveError('not_found', `${key} is missing.`)
    if (stored.bytes !== bytes) throw new HiveError('data_corrupt', `${key} is ${stored.bytes} bytes long and should be ${bytes}.`)
  }
  if (depth === 'quick') return
  const index = await readIndex(context, payload, signal)
  if (typeof depth === 'object') {
    await readSample(context, payload, index, frame => frame % depth.of === depth.part - 1, signal)
    return
  }
  let bytes = 0
  const progress = (more: number): void => onProgress?.({ phase: 'verify', id: record.id, bytes: (bytes += more), totalBytes: record.bytes })
  if (depth === 'drill') await drill(context, record, index, progress, signal)
  else await decodeAll(context, record, index, progress, signal)
}

const limitsOf = ({ entries }: FileIndex): { maxBytes: number; maxEntries: number } =>
  ({ maxBytes: entries.reduce((sum, entry) => sum + entry.size, 0), maxEntries: entries.length })

/** Decodes and hashes everything, and compares with the list of files, entry by entry. */
const decodeAll = async (
  context: VaultContext, { payload }: BackupRecord, index: FileIndex, progress: (bytes: number) => void, signal: AbortSignal | undefined,
): Promise<void> => {
  const expected = expectEntries(index.entries)
  for await (const { entry, content } of readArchive(readRaw(context, payload, index, signal), limitsOf(index))) {
    let sha256: string | undefined
    if (entry.type === 'file') {
      const hash = createHash('sha256')
      for await (const part of content) {
        hash.update(part)
        progress(part.length)
      }
      sha256 = hash.digest('hex')
    }
    expected.check(entry, sha256)
  }
  expected.end()
}

/** Restores into a scratch folder, reads everything back from there and compares. */
const drill = async (
  context: VaultContext, { payload }: BackupRecord, index: FileIndex, progress: (bytes: number) => void, signal: AbortSignal | undefined,
): Promise<void> => {
  await withScratch(context.scratchFolder, 'drill', async scratch => {
    const expected = expectEntries(index.entries)
    const entries = readArchive(readRaw(context, payload, index, signal), limitsOf(index))
    await unpackArchive(entries, scratch, { wanted: () => true, outsideLinks: 'keep', progress, check: expected.check, signal })
    expected.end()
    const there = await hashTree(scratch, signal)
    for (const { path, type, sha256, target } of index.entries) {
      const restored = there.get(path)
      if (restored?.type !== type || restored.sha256 !== sha256 || restored.target !== target) {
        throw new HiveError('data_corrupt', `${JSON.stringify(path)} was restored differently on trial.`)
      }
    }
  })
}

/** Writes findings down for the backups that are still there. */
const remember = (context: VaultContext, found: ReadonlyMap<string, Verification>, signal: AbortSignal | undefined): Promise<void> =>
  context.change(signal, async lock => {
    const catalog = await loadCatalog(context)
    for (const [id, verification] of found) {
      const record = catalog.records.get(id)
      if (record) catalog.records.set(id, { ...record, verification })
    }
    await saveCatalog(lock, catalog)
  })
