import { createParser } from 'eventsource-parser'
import type { HiveEvent } from '../../hive/model.ts'

export interface EventStreamOptions {
  readonly url: string
  readonly onEvent: (event: HiveEvent) => void
  /** The stream is open. `again` when it had been before. */
  readonly onLive: (again: boolean) => void
  /** The stream is lost and will be opened again at this time (epoch ms). */
  readonly onLost: (retryAt: number) => void
  /** The hive wants to know who this is. The stream stays closed. */
  readonly onSignedOut: () => void
  /** Silence longer than this means that the connection is dead. The hive says something every 15 s. Default 40,000. */
  readonly silenceMs?: number
  /** Default 1,000; doubled with each failure in a row. */
  readonly firstDelayMs?: number
  /** Default 15,000. */
  readonly maxDelayMs?: number
  readonly fetch?: typeof globalThis.fetch
}

export interface EventStream {
  /** Tries at once instead of waiting. */
  readonly retryNow: () => void
  readonly close: () => void
}

/**
 * Reads the hive's events, and goes on doing so: by `fetch`, not `EventSource`, which would hide the status of a
 * refusal and the heartbeats that tell a quiet connection from a dead one.
 */
export const openEventStream = (options: EventStreamOptions): EventStream => {
  const { silenceMs = 40_000, firstDelayMs = 1_000, maxDelayMs = 15_000 } = options
  let closed = false
  let lastEventId: string | undefined
  let failures = 0
  let wasLive = false
  let attempt: AbortController | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  const read = async (signal: AbortController): Promise<'signed-out' | 'lost'> => {
    const doFetch = options.fetch ?? globalThis.fetch
    const from = lastEventId === undefined ? '' : `?lastEventId=${encodeURIComponent(lastEventId)}`
    let silence = setTimeout(() => signal.abort(), silenceMs)
    try {
      const response = await doFetch(options.url + from, {
        headers: { accept: 'text/event-stream' }, cache: 'no-store', signal: signal.signal,
      })
      if (response.status === 401) return 'signed-out'
      if (!response.ok || !response.body) return 'lost'
      failures = 0
      options.onLive(wasLive)
      wasLive = true
      const parser = createParser({
        onEvent: ({ id, data }) => {
          if (id !== undefined) lastEventId = id
          options.onEvent(JSON.parse(data) as HiveEvent)
        },
      })
      const text = new TextDecoder()
      const reader = response.body.getReader()
      for (;;) {
        const { done, value } = await reader.read()
        if (done) return 'lost'
        clearTimeout(silence)
        silence = setTimeout(() => signal.abort(), silenceMs)
        parser.feed(text.decode(value, { stream: true }))
      }
    } catch {
      return 'lost'
    } finally {
      clearTimeout(silence)
    }
  }

  const open = async () => {
    attempt = new AbortController()
    const end = await read(attempt)
    if (closed) return
    if (end === 'signed-out') return options.onSignedOut()
    const delayMs = Math.min(maxDelayMs, firstDelayMs * 2 ** failures) * (0.8 + Math.random() * 0.4)
    failures += 1
    options.onLost(Date.now() + delayMs)
    timer = setTimeout(() => void open(), delayMs)
  }

  void open()
  return {
    retryNow: () => {
      if (closed || timer === undefined) return
      clearTimeout(timer)
      timer = undefined
      void open()
    },
    close: () => {
      closed = true
      clearTimeout(timer)
      attempt?.abort()
    },
  }
}
