import { err, fail, HiveError, ok, type Result } from '@hivekit/errors'
import type { WriteFailure, WriteOp, WriteOpOf, WriteValues } from '../engine.ts'
import { startWorker } from '../start-worker.ts'
import type { WriteOutcome } from './apply-write.ts'

type Settle = (result: Result<never, HiveError>) => void
interface Waiting {
  op: WriteOp
  readonly settle: Settle[]
}

/** The way to the thread that writes: changes gather while it commits, and go to it together when it is done. */
export interface CommitQueue extends AsyncDisposable {
  /** Settles when the change is on the disk, or is refused. */
  write<K extends WriteOp['kind']>(op: WriteOpOf<K>): Promise<Result<WriteValues[K], HiveError>>
  /** Counts since it was opened. */
  counters(): { readonly queuedWrites: number, readonly commits: number, readonly writes: number, readonly lastCommitMs: number }
}

/** Which file, and how it is held. */
export interface DatabaseFile {
  readonly path: string
  readonly busyTimeoutMs: number
  readonly maxDatabaseBytes: number | undefined
  readonly archiveFolder: string
}

/** Larger batches gain nothing and make the first in them wait. */
const maxBatch = 512

/** Starts the thread, which brings the file to the schema of today. */
export const openCommitQueue = async (file: DatabaseFile): Promise<Result<CommitQueue, HiveError>> => {
  const worker = startWorker('sqlite-writer', file)
  const started = await new Promise<WriteFailure | undefined>(resolve => {
    worker.once('message', (message: 'ready' | { failure: WriteFailure }) => resolve(message === 'ready' ? undefined : message.failure))
    worker.once('error', error => resolve({ code: 'internal', message: `The writing thread failed: ${String(error)}` }))
  })
  if (started) {
    await worker.terminate()
    return fail(started.code, `${file.path}: ${started.message}`)
  }
  worker.removeAllListeners('error')
  worker.unref()

  let waiting: Waiting[] = []
  let flying: Waiting[] = []
  let scheduled = false
  let broken: HiveError | undefined
  let idle: (() => void) | undefined
  let commits = 0
  let writes = 0
  let lastCommitMs = 0
  /** The checkpoint of each reply that has not yet been sent: a newer one takes its place. */
  const saves = new Map<string, Waiting>()

  const send = () => {
    scheduled = false
    if (flying.length > 0 || waiting.length === 0) return
    flying = waiting.length <= maxBatch ? waiting : waiting.slice(0, maxBatch)
    waiting = waiting.length <= maxBatch ? [] : waiting.slice(maxBatch)
    for (const { op } of flying) if (op.kind === 'save') saves.delete(op.message)
    worker.ref()
    worker.postMessage(flying.map(({ op }) => op))
  }
  const settleAll = (batch: readonly Waiting[], resultOf: (i: number) => Result<never, HiveError>) => {
    for (const [i, { settle }] of batch.entries()) for (const resolve of settle) resolve(resultOf(i))
  }
  const landed = (outcomes: readonly WriteOutcome[]) => {
    const batch = flying
    flying = []
    settleAll(batch, i => {
      const outcome = outcomes[i]!
      return 'failure' in outcome ? err(new HiveError(outcome.failure.code, outcome.failure.message)) : ok(outcome.value as never)
    })
    if (waiting.length > 0) send()
    else {
      worker.unref()
      idle?.()
    }
  }
  const breakDown = (reason: string) => {
    broken ??= new HiveError('unavailable', reason)
    const lost = [...flying, ...waiting]
    const sent = flying.length
    flying = []
    waiting = []
    saves.clear()
    settleAll(lost, i => err(i < sent ? new HiveError('internal', reason, { kind: 'ambiguous' }) : broken!))
    idle?.()
  }

  worker.on('message', ({ outcomes, tookMs }: { outcomes: WriteOutcome[], tookMs: number }) => {
    commits++
    lastCommitMs = tookMs
    landed(outcomes)
  })
  worker.on('error', error => breakDown(`The writing thread failed: ${String(error)}`))
  worker.on('exit', () => breakDown('The store is closed.'))

  return ok({
    write: <K extends WriteOp['kind']>(change: WriteOpOf<K>) => new Promise<Result<WriteValues[K], HiveError>>(resolve => {
      if (broken) return resolve(err(broken))
      writes++
      const op: WriteOp = change
      const settle = resolve as Settle
      if (op.kind === 'save') {
        const older = saves.get(op.message)
        // Only a checkpoint gives way: the end of a reply is never overtaken.
        if (older && (older.op as WriteOpOf<'save'>).state === 'streaming') {
          older.op = op
          older.settle.push(settle)
          return
        }
      }
      const entry: Waiting = { op, settle: [settle] }
      waiting.push(entry)
      if (op.kind === 'save') saves.set(op.message, entry)
      if (!scheduled && flying.length === 0) {
        scheduled = true
        // After the callbacks of this turn, so that what happens together is committed together.
        setImmediate(send)
      }
    }),
    counters: () => ({ queuedWrites: waiting.length + flying.length, commits, writes, lastCommitMs }),
    async [Symbol.asyncDispose]() {
      if (broken) return
      if (waiting.length > 0 || flying.length > 0) await new Promise<void>(resolve => { idle = resolve })
      if (broken) return
      broken = new HiveError('unavailable', 'The store is closed.')
      const exited = new Promise(resolve => worker.once('exit', resolve))
      worker.ref()
      worker.postMessage('close')
      await exited
    },
  })
}
