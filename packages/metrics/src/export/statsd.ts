import { createSocket, type Socket } from 'node:dgram'
import { connect } from 'node:net'
import { fail, ok } from '@hivekit/errors'
import { createCounterDeltas, type PushedValue } from './counter-deltas.ts'
import type { MetricSink, SinkMessage } from './metric-sink.ts'

/** Options of {@link createStatsdSink}. */
export interface StatsdOptions {
  /** `dogstatsd` has tags; plain `statsd` puts label values into the name. Default `dogstatsd`. */
  readonly dialect?: 'dogstatsd' | 'statsd'
  /** Where the agent listens. Default 127.0.0.1. */
  readonly host?: string
  /** Its port. Default 8125. */
  readonly port?: number
  /** A Unix stream socket instead (the agent's `dogstatsd_stream_socket`): each message is preceded by its length, 4 bytes little-endian. */
  readonly socketPath?: string
  /** Most bytes of a message. Default 1432 over UDP, 8192 over a socket. */
  readonly maxBytes?: number
  /** Tags of every line, `name:value`. */
  readonly tags?: readonly string[]
}

/** A sink that owns a socket. */
export interface StatsdSink extends MetricSink, AsyncDisposable {}

const clean = (text: string) => text.replaceAll(/[|,#\n:@]/g, '_')

/**
 * Pushes to a StatsD or DogStatsD agent. The protocol has no answers: what is sent is not known to be taken, and a receipt says so.
 */
export const createStatsdSink = (options: StatsdOptions = {}): StatsdSink => {
  const { dialect = 'dogstatsd', host = '127.0.0.1', port = 8125, socketPath, maxBytes = socketPath === undefined ? 1432 : 8192, tags = [] } = options
  const deltas = createCounterDeltas()
  let udp: Socket | undefined
  const line = ({ name, labels, kind, value }: PushedValue): string => {
    const type = kind === 'count' ? 'c' : 'g'
    if (dialect === 'statsd') return `${[name, ...Object.values(labels)].map(clean).join('.')}:${value}|${type}`
    const all = [...tags, ...Object.entries(labels).map(([label, one]) => `${label}:${one.replaceAll(/[|,#\n]/g, '_')}`)]
    return `${clean(name)}:${value}|${type}${all.length > 0 ? `|#${all.join(',')}` : ''}`
  }
  return {
    encode: families => {
      const messages: SinkMessage[] = []
      let lines: string[] = []
      let bytes = 0
      const flush = () => {
        if (lines.length > 0) messages.push({ body: lines.join('\n'), samples: lines.length })
        lines = []
        bytes = 0
      }
      for (const value of deltas(families)) {
        const text = line(value)
        const size = Buffer.byteLength(text) + 1
        if (bytes + size > maxBytes + 1) flush()
        lines.push(text)
        bytes += size
      }
      flush()
      return messages
    },
    send: ({ body }) => new Promise(resolve => {
      const done = (error?: Error | null) => resolve(error ? fail('unavailable', 'The StatsD agent could not be reached.', { cause: error }) : ok(undefined))
      if (socketPath === undefined) {
        udp ??= createSocket('udp4').unref()
        udp.send(body, port, host, done)
        return
      }
      const text = Buffer.from(body)
      const head = Buffer.alloc(4)
      head.writeUInt32LE(text.length)
      const socket = connect(socketPath, () => socket.end(Buffer.concat([head, text])))
      socket.once('error', done).once('close', () => done())
    }),
    [Symbol.asyncDispose]: async () => {
      const socket = udp
      udp = undefined
      if (socket) await new Promise<void>(resolve => socket.close(() => resolve()))
    },
  }
}
