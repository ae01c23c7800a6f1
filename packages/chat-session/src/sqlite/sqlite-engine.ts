import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { err, fail, ok, type HiveError, type Result } from '@hivekit/errors'
import { createColdParts } from '../archive/archive-file.ts'
import type { Engine, WriteFailure } from '../engine.ts'
import type { IntegrityReport } from '../session-store.ts'
import { createWorkerCalls } from '../worker-calls.ts'
import { startWorker } from '../start-worker.ts'
import { openCommitQueue, type DatabaseFile } from './commit-queue.ts'
import { describeFailure } from './failure.ts'
import { openReader, type Reader } from './reader.ts'
import type { FoundPage, SearchRequest } from './search.ts'

/** Opens (and makes, where there is none) a database file: one thread writes, the caller's reads. */
export const openSqliteEngine = async (file: DatabaseFile): Promise<Result<Engine, HiveError>> => {
  const { path, busyTimeoutMs } = file
  try {
    await mkdir(dirname(path), { recursive: true })
  } catch (error) {
    const { code, message } = describeFailure(error)
    return fail(code, message, { cause: error })
  }
  const opened = await openCommitQueue(file)
  if (opened.isErr()) return err(opened.error)
  const queue = opened.value
  let reader: Reader
  try {
    reader = openReader(path, busyTimeoutMs, createColdParts(file.archiveFolder))
  } catch (error) {
    await queue[Symbol.asyncDispose]()
    const { code, message } = describeFailure(error)
    return fail(code, `${path}: ${message}`, { cause: error })
  }

  const searches = createWorkerCalls<SearchRequest, FoundPage>('sqlite-search', file)

  return ok({
    name: 'sqlite',
    write: op => queue.write(op),
    session: (...args) => reader.session(...args),
    sessions: (...args) => reader.sessions(...args),
    data: (...args) => reader.data(...args),
    messages: (...args) => reader.messages(...args),
    message: (...args) => reader.message(...args),
    attachment: (...args) => reader.attachment(...args),
    isFileUsed: (...args) => reader.isFileUsed(...args),
    scopeOf: (...args) => reader.scopeOf(...args),
    idleSessions: (...args) => reader.idleSessions(...args),
    recovered: (...args) => reader.recovered(...args),
    async search(request, signal) {
      // What is acknowledged but waits for the index is indexed first, so that a search sees its caller's own writes.
      // Where that cannot be written, on a full disk, what was indexed before can still be found.
      if (!signal?.aborted) await queue.write<'index'>({ kind: 'index', most: 2_000 })
      return searches.call(request, signal)
    },
    checkIntegrity: () => new Promise<Result<IntegrityReport, HiveError>>(resolve => {
      const worker = startWorker('sqlite-check', file)
      worker.once('message', (message: { report: IntegrityReport } | { failure: WriteFailure }) =>
        resolve('report' in message ? ok(message.report) : fail(message.failure.code, message.failure.message)))
      worker.once('error', error => resolve(fail('internal', String(error), { cause: error })))
    }),
    counters: () => ({ ...reader.counts(), ...queue.counters() }),
    async [Symbol.asyncDispose]() {
      await searches[Symbol.asyncDispose]()
      await queue[Symbol.asyncDispose]()
      reader.close()
    },
  })
}
