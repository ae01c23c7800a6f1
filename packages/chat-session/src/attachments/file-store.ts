import { createHash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { link, mkdir, open, readdir, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** Files by what is in them: the same bytes are kept once. The names are ours; nobody else's name touches the disk. */
export interface FileStore {
  /** Writes a file, at most so large, and calls `keep` while it is sure to be there; fails as `keep` does. */
  put<T>(source: AsyncIterable<Uint8Array>, maxBytes: number, signal: AbortSignal | undefined, keep: (file: StoredFile) => Promise<T>): Promise<T | 'too_large'>
  /** Reads a file; null where there is none. */
  read(sha256: string): Promise<AsyncIterable<Uint8Array> | null>
  /** Deletes a file, if `unused` still says so when nobody is putting it. */
  remove(sha256: string, unused: () => Promise<boolean>): Promise<void>
  /** Deletes what a crash left half-written. */
  sweep(): Promise<void>
}

/** What is known of a file once it is written. */
export interface StoredFile {
  readonly sha256: string
  readonly bytes: number
}

/** Opens a folder of files; it is made with the first. */
export const openFileStore = (folder: string): FileStore => {
  const placeOf = (sha256: string) => join(folder, sha256.slice(0, 2), sha256.slice(2))
  const incoming = join(folder, 'incoming')
  /** Whoever puts or deletes one content waits for the one before. */
  const turns = new Map<string, Promise<unknown>>()
  const inTurn = async <T>(sha256: string, work: () => Promise<T>): Promise<T> => {
    const turn = (turns.get(sha256) ?? Promise.resolve()).then(work, work)
    turns.set(sha256, turn)
    try {
      return await turn
    } finally {
      if (turns.get(sha256) === turn) turns.delete(sha256)
    }
  }

  return {
    async put(source, maxBytes, signal, keep) {
      await mkdir(incoming, { recursive: true })
      const temporary = join(incoming, randomUUID())
      try {
        const hash = createHash('sha256')
        let bytes = 0
        const file = await open(temporary, 'wx', 0o600)
        try {
          for await (const chunk of source) {
            signal?.throwIfAborted()
            bytes += chunk.byteLength
            if (bytes > maxBytes) return 'too_large'
            hash.update(chunk)
            await file.write(chunk)
          }
          await file.sync()
        } finally {
          await file.close()
        }
        const sha256 = hash.digest('hex')
        return await inTurn(sha256, async () => {
          const place = placeOf(sha256)
          await mkdir(dirname(place), { recursive: true })
          await link(temporary, place).catch((error: NodeJS.ErrnoException) => {
            if (error.code !== 'EEXIST') throw error
          })
          await syncFolder(dirname(place))
          return keep({ sha256, bytes })
        })
      } finally {
        await rm(temporary, { force: true })
      }
    },
    async read(sha256) {
      const place = placeOf(sha256)
      const found = await stat(place).catch(() => null)
      return found === null ? null : chunksOf(place)
    },
    remove: (sha256, unused) => inTurn(sha256, async () => {
      if (await unused()) await rm(placeOf(sha256), { force: true })
    }),
    async sweep() {
      const left = await readdir(incoming).catch(() => [])
      await Promise.all(left.map(name => rm(join(incoming, name), { force: true })))
    },
  }
}

/** Opens the file with the first read, so that bytes nobody reads hold nothing open. */
const chunksOf = async function* (place: string): AsyncGenerator<Uint8Array> {
  yield* createReadStream(place) as AsyncIterable<Uint8Array>
}

/** Makes a new name durable, where the system can. */
const syncFolder = async (path: string): Promise<void> => {
  const folder = await open(path, 'r').catch(() => null)
  await folder?.sync().catch(() => {})
  await folder?.close()
}
