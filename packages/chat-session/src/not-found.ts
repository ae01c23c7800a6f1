import { HiveError } from '@hivekit/errors'

/** A session that is not there and one that is another bot's look the same. */
export const noSession = (id: unknown): HiveError => new HiveError('not_found', `No session "${String(id).slice(0, 100)}".`)

/** A message that is not there and one of another session look the same. */
export const noMessage = (id: unknown): HiveError => new HiveError('not_found', `No message "${String(id).slice(0, 100)}".`)
