import { outcome, outcomeTable, type Classification } from './classification.ts'

/** The first word of an error reply (redis.io/docs, RESP). */
const byPrefix = outcomeTable([
  ['unavailable', 'transient', 'LOADING READONLY MOVED ASK TRYAGAIN CLUSTERDOWN MASTERDOWN NOREPLICAS BUSY NOMASTERLINK NOQUORUM ' +
    'NOGOODSLAVE INPROG MISCONF REDIRECT'],
  ['capacity_exceeded', 'throttled', 'OOM'],
  ['unauthenticated', 'permanent', 'NOAUTH WRONGPASS DENIED'],
  ['forbidden', 'permanent', 'NOPERM'],
  ['not_found', 'permanent', 'NOSCRIPT NOGROUP'],
  ['conflict', 'permanent', 'BUSYKEY BUSYGROUP'],
  ['conflict', 'transient', 'EXECABORT'],
  ['unsupported', 'permanent', 'NOPROTO'],
  ['invalid_argument', 'permanent', 'WRONGTYPE CROSSSLOT'],
  ['cancelled', 'permanent', 'UNBLOCKED UNKILLABLE NOTBUSY'],
])

/** Errors that the clients make themselves: ioredis, node-redis. */
const byClientError = outcomeTable([
  ['unavailable', 'transient', 'ConnectionTimeoutError ClientOfflineError ReconnectStrategyError RootNodesUnavailableError ClusterAllFailedError'],
  ['dependency_failed', 'ambiguous', 'MaxRetriesPerRequestError ClientClosedError SocketClosedUnexpectedlyError DisconnectsClientError ' +
    'SocketTimeoutError SocketTimeoutDuringMaintenanceError'],
  ['timeout', 'ambiguous', 'CommandTimeoutError CommandTimeoutDuringMaintenanceError'],
])

const replyErrors: readonly unknown[] = ['ReplyError', 'ErrorReply', 'SimpleError', 'BlobError']

/** Classifies an error of a Redis client by its name and, when it is a reply, the message's first word; undefined for other errors. */
export const redisOutcome = (name: string, message: unknown): Classification | undefined => {
  if (!replyErrors.includes(name)) return byClientError.get(name)
  const text = String(message)
  if (text.includes('max number of clients')) return outcome('capacity_exceeded')
  return byPrefix.get(text.split(' ', 1)[0]!) ?? outcome('internal')
}
