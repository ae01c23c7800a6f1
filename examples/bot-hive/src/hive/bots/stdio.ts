import type { AnyMessage, SessionNotification, Stream } from '@agentclientprotocol/sdk'
import { splitLines } from './lines.ts'
import type { BotLimits } from './bot.ts'
import type { BotLog } from './log.ts'
import type { BotChild } from './process.ts'

/** What the guarded stream needs. */
export interface StdioOptions {
  readonly child: BotChild
  readonly log: BotLog
  readonly limits: Pick<BotLimits, 'maxLineBytes' | 'maxUselessBytes' | 'maxUnreadBytes'>
  /** Called when it wrote anything at all. */
  readonly onBytes: () => void
  /** Called in order with each session update, unvalidated. Answers whether anybody wanted it. */
  readonly onUpdate: (notification: Partial<SessionNotification>, bytes: number) => boolean
  /** Called when what was read at once has been dealt with. */
  readonly onPause: () => void
  /** Called once, when the bot must be ended. */
  readonly onFault: (reason: string) => void
}

/** The stream between a bot's pipes and the ACP library. */
export interface Stdio {
  /** For the library. */
  readonly stream: Stream
  /** Bytes read so far, from both pipes. */
  readonly bytes: () => number
  /** Ends the stream for the library. */
  readonly close: () => void
}

/** Read at once before other work of the hive gets its turn. */
const sliceBytes = 128 * 1024
/** How long a bot that says useless things must wait between slices. */
const uselessPauseMs = 10
/** From the end of a pipe to the end of its process. */
const closedPipeMs = 1_000

/**
 * Stands between a bot and the ACP library, so that nothing a bot prints can hurt the hive. Lines that are not
 * JSON-RPC go to the log and are never answered; lines are bounded; answers to nothing are dropped; a flood is read
 * in slices by backpressure on the pipe, and is a fault when it goes on. Session updates are taken off in the order
 * they came, before the library, which handles notifications concurrently.
 */
export const guardStdio = ({ child, log, limits, onBytes, onUpdate, onPause, onFault }: StdioOptions): Stdio => {
  const asked = new Set<unknown>()
  let controller: ReadableStreamDefaultController<AnyMessage> | undefined
  let bytes = 0

  const close = () => {
    try {
      controller?.close()
    } catch {
      // The library has cancelled it.
    }
    controller = undefined
  }
  const useless = uselessBytes(limits.maxUselessBytes, () =>
    onFault(`Flooded its stdout: over ${mebibytes(limits.maxUselessBytes)} that nobody asked for within a minute.`))

  const readLine = (line: Buffer) => {
    if (line.length === 0) return
    const message = parseMessage(line)
    if (message === undefined) {
      log.write('stdout', line.toString('utf8', 0, 8_000))
      return useless.add(line.length)
    }
    const { id, method } = message
    if (typeof method === 'string') {
      if (id !== undefined) {
        // The hive offers nothing else: the library answers that there is no such method.
        if (method !== 'session/request_permission') useless.add(line.length)
        controller?.enqueue(message as unknown as AnyMessage)
      } else if (method === 'session/update') {
        const { params } = message
        const wanted = typeof params === 'object' && params !== null && onUpdate(params, line.length)
        if (!wanted) useless.add(line.length)
      } else if (method === '$/cancel_request') {
        controller?.enqueue(message as unknown as AnyMessage)
      } else {
        useless.add(line.length)
      }
    } else if (asked.delete(id) && ('result' in message !== 'error' in message)) {
      controller?.enqueue(message as unknown as AnyMessage)
    } else {
      useless.add(line.length)
    }
  }

  const out = splitLines(limits.maxLineBytes, {
    onLine: readLine,
    onDropped: useless.add,
    onTooLong: size => log.write('stdout', `(a line of ${mebibytes(size)} was left out)`),
  })
  const complaints = splitLines(64 * 1024, { onLine: line => log.write('stderr', line.toString('utf8', 0, 8_000)) })
  const count = (size: number) => {
    bytes += size
    onBytes()
  }
  inSlices(child.stdout, chunk => {
    count(chunk.length)
    out.push(chunk)
    onPause()
  }, () => useless.many() ? uselessPauseMs : 0)
  inSlices(child.stderr, chunk => {
    count(chunk.length)
    complaints.push(chunk)
  }, () => uselessPauseMs)
  child.stderr.on('end', complaints.flush)
  child.stdout.on('end', () => {
    out.flush()
    onPause()
  })
  // A program that ends closes its pipes too, and then its end is the news. One that lives on without them is of no use.
  const closedEarly = (pipe: string) => setTimeout(() => onFault(`Closed its ${pipe}.`), closedPipeMs).unref()
  child.stdout.once('close', () => closedEarly('stdout'))
  child.stdin.once('close', () => closedEarly('stdin'))

  const readable = new ReadableStream<AnyMessage>({
    start: c => {
      controller = c
    },
    cancel: () => {
      controller = undefined
    },
  })
  const writable = new WritableStream<AnyMessage>({
    write: message => {
      if ('method' in message && 'id' in message) asked.add(message.id)
      if (!child.stdin.writable) return
      child.stdin.write(`${JSON.stringify(message)}\n`)
      if (child.stdin.writableLength > limits.maxUnreadBytes)
        onFault(`Stopped reading its stdin: over ${mebibytes(limits.maxUnreadBytes)} wait there.`)
    },
  })
  return { stream: { readable, writable }, bytes: () => bytes, close }
}

/** A JSON-RPC 2.0 message as far as its envelope goes. */
interface Envelope {
  readonly id?: unknown
  readonly method?: unknown
  readonly params?: unknown
}

const parseMessage = (line: Buffer): Envelope | undefined => {
  const start = line.find(byte => byte !== 0x20 && byte !== 0x09)
  if (start !== 0x7b) return
  try {
    const value = JSON.parse(line.toString()) as Envelope & { jsonrpc?: unknown }
    const idIsFine = ['string', 'number', 'undefined'].includes(typeof value.id) || value.id === null
    const isCall = typeof value.method === 'string'
    return value.jsonrpc === '2.0' && idIsFine && (isCall || ('id' in value && !('method' in value))) ? value : undefined
  } catch {
    return
  }
}

/** Reads a pipe so that a flood leaves the event loop to others between slices. */
const inSlices = (pipe: BotChild['stdout'], read: (chunk: Buffer) => void, pauseMs: () => number) => {
  let slice = 0
  const next = () => {
    slice = 0
    if (!pipe.isPaused()) return
    const delayMs = pauseMs()
    if (delayMs > 0) setTimeout(() => pipe.resume(), delayMs).unref()
    else pipe.resume()
  }
  pipe.on('data', (chunk: Buffer) => {
    if (slice === 0) setImmediate(next)
    slice += chunk.length
    if (slice >= sliceBytes) pipe.pause()
    read(chunk)
  })
}

/** Counts bytes that nobody wanted, by the minute. */
const uselessBytes = (maxBytes: number, onTooMany: () => void) => {
  let since = performance.now()
  let total = 0
  return {
    add: (size: number) => {
      const now = performance.now()
      if (now - since > 60_000) {
        since = now
        total = 0
      }
      total += size
      if (total > maxBytes) onTooMany()
    },
    many: () => total > 1024 * 1024,
  }
}

const mebibytes = (bytes: number) => bytes >= 2 ** 20 ? `${Math.round(bytes / 2 ** 20)} MiB` : `${Math.ceil(bytes / 1024)} KiB`
