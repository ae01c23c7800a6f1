import type { HiveError, Result } from '@hivekit/errors'
import type { MetricFamily } from '../metric-family.ts'

/** One message to a monitoring system, as it waits in a backlog. */
export interface SinkMessage {
  /** What is sent. */
  readonly body: string
  /** How many samples are in it. */
  readonly samples: number
}

/** A monitoring system that metrics are pushed to. */
export interface MetricSink {
  /** Turns one collection into messages. Called once for each collection, in order: what counters rose by is worked out here. */
  encode(families: Iterable<MetricFamily>, at: number): readonly SinkMessage[]
  /** Sends one message; answers how many samples the other side said it took, undefined when its protocol does not say. */
  send(message: SinkMessage, options: { readonly signal?: AbortSignal }): Promise<Result<number | undefined, HiveError>>
}
