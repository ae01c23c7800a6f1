import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { createColdParts } from '../archive/archive-file.ts'
import type { DatabaseFile } from '../sqlite/commit-queue.ts'
import { describeFailure } from '../sqlite/failure.ts'
import { createSearch, type SearchRequest } from '../sqlite/search.ts'
import type { WorkerAnswer } from '../worker-calls.ts'

/* The thread that searches, so that a long search holds up nobody. */

const { path, busyTimeoutMs, archiveFolder } = workerData as DatabaseFile
let search: ReturnType<typeof createSearch> | undefined

const open = () => {
  const db = new DatabaseSync(path, { timeout: busyTimeoutMs })
  db.exec('PRAGMA query_only = ON; PRAGMA cache_size = -65536; PRAGMA mmap_size = 1073741824')
  return createSearch(db, createColdParts(archiveFolder))
}

parentPort!.on('message', ({ id, request }: { id: number, request: SearchRequest }) => {
  let answer: WorkerAnswer
  try {
    search ??= open()
    answer = { id, value: search(request) }
  } catch (error) {
    answer = { id, failure: describeFailure(error) }
  }
  parentPort!.postMessage(answer)
})
