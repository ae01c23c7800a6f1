import { err, HiveError, isHiveError, ok, type ErrorCode, type Result } from '@hivekit/errors'

const codeOfErrno: Readonly<Record<string, ErrorCode>> = {
  ENOSPC: 'storage_full', EDQUOT: 'storage_full', EFBIG: 'storage_full',
  ENOENT: 'not_found', ENOTDIR: 'not_found',
  EEXIST: 'conflict', ENOTEMPTY: 'conflict',
  EACCES: 'forbidden', EPERM: 'forbidden', EROFS: 'forbidden',
  EIO: 'dependency_failed', ESTALE: 'unavailable', EBUSY: 'unavailable', EMFILE: 'unavailable', ENFILE: 'unavailable',
}

/** Turns whatever was thrown into one of our errors; one that is ours already stays as it is. */
export const toHiveError = (thrown: unknown): HiveError => {
  if (isHiveError(thrown)) return thrown
  if (!(thrown instanceof Error)) return new HiveError('internal', String(thrown))
  if (thrown.name === 'AbortError') return new HiveError('cancelled', 'Cancelled.', { cause: thrown })
  const errno = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : ''
  return new HiveError(codeOfErrno[errno] ?? 'internal', thrown.message, { cause: thrown, ...(errno && { details: { errno } }) })
}

/** Runs a step at the edge of the package, where what was thrown becomes a `Result`. Misuse goes on as it is. */
export const attempt = async <T>(step: () => Promise<T>): Promise<Result<T, HiveError>> => {
  try {
    return ok(await step())
  } catch (thrown) {
    if (thrown instanceof TypeError || thrown instanceof RangeError) throw thrown
    return err(toHiveError(thrown))
  }
}

/** Throws the error that stands for a cancelled call. */
export const throwIfAborted = (signal: AbortSignal | undefined): void => {
  if (!signal?.aborted) return
  throw isHiveError(signal.reason) ? signal.reason : new HiveError('cancelled', 'Cancelled.', { cause: signal.reason })
}
