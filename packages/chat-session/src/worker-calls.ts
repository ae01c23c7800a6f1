import type { Worker } from 'node:worker_threads'
import { err, fail, HiveError, ok, type Result } from '@hivekit/errors'
import type { WriteFailure } from './engine.ts'
import { startWorker } from './start-worker.ts'

/** What a worker answers. */
export type WorkerAnswer = { readonly id: number, readonly value: unknown } | { readonly id: number, readonly failure: WriteFailure }

/** Calls to a thread that answers one request after the other. */
export interface WorkerCalls<Request, Value> extends AsyncDisposable {
  /** Fails as `cancelled` at once when the signal says so; the thread may still finish what it has begun. */
  call(request: Request, signal?: AbortSignal): Promise<Result<Value, HiveError>>
}

const cancelled = () => new HiveError('cancelled', 'The call was cancelled.')

/** Starts the thread with the first call; it keeps no process alive but while it works. */
export const createWorkerCalls = <Request, Value>(name: string, workerData: unknown): WorkerCalls<Request, Value> => {
  const open = new Map<number, (result: Result<Value, HiveError>) => void>()
  const queue: { readonly id: number, readonly request: Request }[] = []
  let worker: Worker | undefined
  let working: number | undefined
  let lastId = 0
  let closed = false

  const settle = (id: number, result: Result<Value, HiveError>) => {
    open.get(id)?.(result)
    open.delete(id)
  }
  const next = () => {
    working = undefined
    let job = queue.shift()
    while (job && !open.has(job.id)) job = queue.shift()
    if (!job) {
      worker?.unref()
      return
    }
    working = job.id
    worker ??= start()
    worker.ref()
    worker.postMessage(job)
  }
  const start = (): Worker => {
    const started = startWorker(name, workerData)
    started.on('message', (answer: WorkerAnswer) => {
      settle(answer.id, 'failure' in answer ? fail(answer.failure.code, answer.failure.message) : ok(answer.value as Value))
      next()
    })
    started.on('error', error => {
      // The thread is gone; the next call starts another.
      worker = undefined
      if (working !== undefined) settle(working, fail('internal', `The thread failed: ${String(error)}`, { cause: error }))
      next()
    })
    return started
  }

  return {
    call: (request, signal) => new Promise(resolve => {
      if (closed) return resolve(fail('unavailable', 'The store is closed.'))
      if (signal?.aborted) return resolve(err(cancelled()))
      const id = ++lastId
      const abort = () => settle(id, err(cancelled()))
      signal?.addEventListener('abort', abort, { once: true })
      open.set(id, result => {
        signal?.removeEventListener('abort', abort)
        resolve(result)
      })
      queue.push({ id, request })
      if (working === undefined) next()
    }),
    async [Symbol.asyncDispose]() {
      closed = true
      for (const id of open.keys()) settle(id, fail('unavailable', 'The store is closed.'))
      await worker?.terminate()
    },
  }
}
