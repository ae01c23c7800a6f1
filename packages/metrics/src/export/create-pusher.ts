import { existsSync, readFileSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { err, ok, type HiveError, type Result } from '@hivekit/errors'
import type { MetricFamily } from '../metric-family.ts'
import type { MetricSink, SinkMessage } from './metric-sink.ts'

/** Options of {@link createPusher}. */
export interface PusherOptions {
  /** Where metrics go. */
  readonly sink: MetricSink
  /** A file that keeps what could not be sent, through outages and restarts. Default: kept in memory. */
  readonly backlogPath?: string
  /** Most bytes that wait; beyond them the oldest are lost, and counted. Default 16 MiB. */
  readonly maxBacklogBytes?: number
}

/** What became of all samples of a pusher since it was made. */
export interface PushReceipt {
  /** Samples handed to the network. */
  readonly sent: number
  /** Samples the other side said it took. */
  readonly accepted: number
  /** Samples sent by a protocol that does not answer. */
  readonly unconfirmed: number
  /** Samples that wait. */
  readonly waiting: number
  /** Samples given up: refused for good, or pushed out of a full backlog. */
  readonly lost: number
}

/** Pushes collections to a monitoring system. */
export interface Pusher {
  /**
   * Sends what waits and then this collection, in order. When the other side is away, it waits in the backlog and the error is answered.
   */
  push(families: Iterable<MetricFamily>, options: { readonly at: number; readonly signal?: AbortSignal }): Promise<Result<PushReceipt, HiveError>>
  /** What became of all samples so far. */
  receipt(): PushReceipt
}

/** Makes a pusher. Calls of `push` wait for each other. */
export const createPusher = ({ sink, backlogPath, maxBacklogBytes = 16 * 1_048_576 }: PusherOptions): Pusher => {
  let waiting: SinkMessage[] = backlogPath !== undefined && existsSync(backlogPath) ? readBacklog(backlogPath) : []
  const counts = { sent: 0, accepted: 0, unconfirmed: 0, lost: 0 }
  let turn: Promise<unknown> = Promise.resolve()
  let savedEmpty = waiting.length === 0

  const receipt = (): PushReceipt => ({ ...counts, waiting: waiting.reduce((sum, message) => sum + message.samples, 0) })
  const bound = () => {
    let bytes = waiting.reduce((sum, message) => sum + message.body.length, 0)
    while (bytes > maxBacklogBytes) {
      const oldest = waiting.shift()!
      bytes -= oldest.body.length
      counts.lost += oldest.samples
    }
  }
  const save = async () => {
    if (backlogPath === undefined || (savedEmpty && waiting.length === 0)) return
    await writeFile(`${backlogPath}.new`, waiting.map(message => `${JSON.stringify(message)}\n`).join(''), { flush: true })
    await rename(`${backlogPath}.new`, backlogPath)
    savedEmpty = waiting.length === 0
  }
  const push: Pusher['push'] = async (families, { at, signal }) => {
    waiting.push(...sink.encode(families, at))
    bound()
    let failure: HiveError | undefined
    while (waiting.length > 0) {
      const message = waiting[0]!
      const sent = await sink.send(message, signal ? { signal } : {})
      if (sent.isErr()) {
        failure = sent.error
        // What will never be taken must not hold up the rest; a wrong key may be put right.
        if (failure.kind !== 'permanent' || failure.code === 'unauthenticated' || failure.code === 'cancelled') break
        waiting.shift()
        counts.lost += message.samples
        continue
      }
      waiting.shift()
      counts.sent += message.samples
      if (sent.value === undefined) counts.unconfirmed += message.samples
      else counts.accepted += sent.value
    }
    await save()
    return failure ? err(failure) : ok(receipt())
  }
  return {
    receipt,
    push: (families, options) => {
      const mine = turn.then(() => push(families, options))
      turn = mine.catch(() => {})
      return mine
    },
  }
}

const readBacklog = (path: string): SinkMessage[] =>
  readFileSync(path, 'utf8').split('\n').filter(line => line !== '').map(line => JSON.parse(line) as SinkMessage)
