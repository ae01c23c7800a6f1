import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, readlink } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { throwIfAborted } from './failure.ts'
import type { FileEntry } from './file-index.ts'

/** Reads a restored tree back from where it lies: every path with its type, digest and target. */
export const hashTree = async (
  root: string, signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, Pick<FileEntry, 'type' | 'sha256' | 'target'>>> => {
  const found = new Map<string, Pick<FileEntry, 'type' | 'sha256' | 'target'>>()
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    throwIfAborted(signal)
    const file = join(entry.parentPath, entry.name)
    const path = relative(root, file).replaceAll(sep, '/')
    if (entry.isDirectory()) found.set(path, { type: 'folder' })
    else if (entry.isSymbolicLink()) found.set(path, { type: 'link', target: await readlink(file) })
    else {
      const hash = createHash('sha256')
      for await (const part of createReadStream(file)) hash.update(part as Buffer)
      found.set(path, { type: 'file', sha256: hash.digest('hex') })
    }
  }
  return found
}
