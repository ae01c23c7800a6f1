import { lstatSync, readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as breathe } from 'node:timers/promises'
import { throwIfAborted, toHiveError } from './failure.ts'
import type { BackupNote, FileEntry } from './file-index.ts'

/** Something that will be packed: what it looked like, and where its content is. */
export interface PlannedEntry {
  readonly entry: FileEntry
  /** The file to read. */
  readonly from: string
}

/** How to walk. */
export interface ScanOptions {
  /** Name of the folder within the backup. */
  readonly as: string
  /** Leaves out what it answers true for; gets the path below the folder. */
  readonly exclude: ((path: string) => boolean) | undefined
  readonly note: (note: BackupNote) => void
  readonly signal: AbortSignal | undefined
}

/** Walked at most so long at a stretch before other work gets its turn. */
const stretchMs = 8

/** Lists a folder and all below it, in the order of names. Links are listed, not followed; file system errors are noted. */
export const scanFolder = async (root: string, { as, exclude, note, signal }: ScanOptions): Promise<PlannedEntry[]> => {
  const found: PlannedEntry[] = []
  let since = performance.now()
  const walk = async (folder: string, name: string): Promise<void> => {
    const names = noting(name, note, () => readdirSync(folder))
    for (const child of names?.toSorted() ?? []) {
      const from = join(folder, child)
      const path = `${name}/${child}`
      if (exclude?.(path.slice(as.length + 1))) continue
      const planned = noting(path, note, () => planEntry(from, path))
      if (!planned) continue
      if (planned === 'skipped') {
        note({ path, what: 'skipped' })
        continue
      }
      found.push(planned)
      if (planned.entry.type === 'folder') await walk(from, path)
      if (performance.now() - since > stretchMs) {
        throwIfAborted(signal)
        await breathe()
        since = performance.now()
      }
    }
  }
  // The folder itself must be there: a missing source is a mistake, not something that vanished.
  const top = planEntry(root, as)
  if (top !== 'skipped') found.push(top)
  await walk(root, as)
  return found
}

/** Describes one file, folder or link; anything else is `skipped`. */
export const planEntry = (from: string, path: string): PlannedEntry | 'skipped' => {
  const stat = lstatSync(from)
  const common = { path, mode: stat.mode & 0o7777, modifiedAt: stat.mtimeMs, seen: [stat.ino, stat.ctimeMs] as const }
  if (stat.isFile()) return { from, entry: { ...common, type: 'file', size: stat.size } }
  if (stat.isDirectory()) return { from, entry: { ...common, type: 'folder', size: 0 } }
  if (stat.isSymbolicLink()) return { from, entry: { ...common, type: 'link', size: 0, target: readlinkSync(from) } }
  return 'skipped'
}

const noting = <T>(path: string, note: ScanOptions['note'], step: () => T): T | undefined => {
  try {
    return step()
  } catch (thrown) {
    note({ path, what: toHiveError(thrown).code === 'not_found' ? 'vanished' : 'unreadable' })
    return undefined
  }
}
