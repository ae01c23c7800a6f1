import { parentPort, workerData } from 'node:worker_threads'
import type { DatabaseFile } from '../sqlite/commit-queue.ts'
import { describeFailure } from '../sqlite/failure.ts'
import { checkDatabase } from '../sqlite/integrity.ts'

/* Reads a whole database, which may take long, off the caller's thread. */

const { path, archiveFolder } = workerData as DatabaseFile
try {
  parentPort!.postMessage({ report: checkDatabase(path, archiveFolder) })
} catch (error) {
  const failure = describeFailure(error)
  parentPort!.postMessage(failure.code === 'data_corrupt' ? { report: { ok: false, problems: [failure.message] } } : { failure })
}
