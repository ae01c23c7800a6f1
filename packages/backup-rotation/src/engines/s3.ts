import {
  AbortMultipartUploadCommand, CompleteMultipartUploadCommand, CreateMultipartUploadCommand, DeleteObjectCommand, GetObjectCommand, HeadObjectCommand,
  ListMultipartUploadsCommand, ListObjectsV2Command, PutObjectCommand, S3Client, UploadPartCommand, type S3ClientConfig,
} from '@aws-sdk/client-s3'
import { HiveError, isHiveError, type ErrorCode } from '@hivekit/errors'
import { createHash, randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { BackupStore, StoredObject, StoreLock, WrittenObject } from '../backup-store.ts'

/** Options of {@link openS3Store}. */
export interface S3StoreOptions {
  /** The bucket; it must exist. */
  readonly bucket: string
  /** Put before every key. Default: none. */
  readonly prefix?: string
  /** URL of an S3-compatible service. Default: AWS. */
  readonly endpoint?: string
  /** Region. Default `us-east-1`. */
  readonly region?: string
  /** Where credentials come from. Default: the environment, as the AWS SDK looks there. */
  readonly credentials?: { /** Access key. */ readonly accessKeyId: string; /** Secret of the key. */ readonly secretAccessKey: string; /** Token of a passing session. */ readonly sessionToken?: string }
  /** Keeps every version of archives and manifests for so many days, whoever deletes them (Object Lock in compliance mode; the bucket must have it). Default: off. */
  readonly lockDays?: number
  /** How long a holder of the lease must stand still before it counts as dead, in ms, at least 1,000. Default 30,000. */
  readonly leaseMs?: number
  /** Bytes of one part of a large object, at least 5 MiB. Default 16 MiB; several are held in memory. */
  readonly partBytes?: number
}

interface Lease {
  readonly token: string
  readonly fence: number
  readonly beat: number
  readonly released: boolean
  readonly holder: string
}

const leaseKey = '.lease.json'
const pollMs = 100

/**
 * Keeps backups in S3-compatible storage. Commits and the lease are conditional writes; a store that ignores conditions is found out
 * when the lock is first taken, and refused with `unsupported`, for two writers could not be told apart there. Needs `@aws-sdk/client-s3`.
 *
 * @example
 * ```ts
 * import { openBackupVault } from '@hivekit/backup-rotation'
 * import { openS3Store } from '@hivekit/backup-rotation/s3'
 *
 * const vault = openBackupVault({ store: openS3Store({ bucket: 'backups', prefix: 'hive' }) })
 * ```
 */
export const openS3Store = (options: S3StoreOptions): BackupStore => {
  const { bucket: Bucket, endpoint, region = 'us-east-1', credentials, lockDays, leaseMs = 30_000, partBytes = 16 << 20 } = options
  if (!(leaseMs >= 1_000)) throw new RangeError(`Expected leaseMs of at least 1000, got ${leaseMs}.`)
  if (!(partBytes >= 5 << 20)) throw new RangeError(`Expected partBytes of at least ${5 << 20}, got ${partBytes}.`)
  const prefix = options.prefix ? `${options.prefix.replace(/\/+$/, '')}/` : ''
  const config: S3ClientConfig = { region, ...(endpoint && { endpoint, forcePathStyle: true }), ...(credentials && { credentials }) }
  const client = new S3Client(config)
  const at = (key: string): { Bucket: string; Key: string } => ({ Bucket, Key: prefix + key })
  const retention = (key: string): object =>
    lockDays === undefined || !/^(?:payloads|backups)\//.test(key) ? {} : { ObjectLockMode: 'COMPLIANCE' as const, ObjectLockRetainUntilDate: new Date(Date.now() + lockDays * 86_400_000) }

  const read: BackupStore['read'] = async function* (key, { start = 0, end, signal } = {}) {
    if (end !== undefined && end <= start) return
    try {
      const range = start === 0 && end === undefined ? {} : { Range: `bytes=${start}-${end === undefined ? '' : end - 1}` }
      const { Body } = await client.send(new GetObjectCommand({ ...at(key), ...range }), sending(signal))
      yield* Body as AsyncIterable<Uint8Array>
    } catch (thrown) {
      throw translate(thrown)
    }
  }

  const list: BackupStore['list'] = async function* (start, { signal } = {}) {
    for (let ContinuationToken: string | undefined, more = true; more;) {
      const page = await client.send(new ListObjectsV2Command({ Bucket, Prefix: prefix + start, ContinuationToken }), sending(signal)).catch((thrown: unknown) => { throw translate(thrown) })
      for (const { Key, Size, LastModified } of page.Contents ?? []) {
        const key = Key!.slice(prefix.length)
        if (!key.startsWith('.')) yield { key, bytes: Size ?? 0, modifiedAt: LastModified?.getTime() ?? 0 } satisfies StoredObject
      }
      ContinuationToken = page.NextContinuationToken
      more = ContinuationToken !== undefined
    }
  }

  const put = async (key: string, body: Uint8Array, condition: { IfNoneMatch?: string; IfMatch?: string }, signal?: AbortSignal): Promise<string> => {
    const digest = createHash('sha256').update(body).digest('base64')
    const { ETag } = await client.send(new PutObjectCommand({ ...at(key), Body: body, ChecksumSHA256: digest, ...condition, ...retention(key) }), sending(signal))
    return ETag ?? ''
  }

  const readLease = async (signal?: AbortSignal): Promise<{ lease: Lease; etag: string } | undefined> => {
    try {
      const { Body, ETag } = await client.send(new GetObjectCommand(at(leaseKey)), sending(signal))
      return { lease: JSON.parse(await Body!.transformToString()) as Lease, etag: ETag! }
    } catch (thrown) {
      if (translate(thrown).code === 'not_found') return undefined
      throw translate(thrown)
    }
  }

  /** Writes the same key twice with `If-None-Match: *`: a store that lets both through ignores conditions. */
  let obeys: Promise<void> | undefined
  const proveConditions = async (): Promise<void> => {
    const key = `.probe-${randomUUID()}`
    const once = (): Promise<string> => put(key, Buffer.from('probe'), { IfNoneMatch: '*' })
    await once().catch((thrown: unknown) => { throw translate(thrown) })
    const second = await once().then(() => 'written', (thrown: unknown) => translate(thrown).code)
    await client.send(new DeleteObjectCommand(at(key))).catch(() => {})
    if (second !== 'conflict') throw new HiveError('unsupported', `${endpoint ?? 'The store'} ignores conditional writes: several writers could destroy each other's backups, so it is refused.`)
  }

  const lock: BackupStore['lock'] = async ({ waitMs = 0, signal } = {}) => {
    await (obeys ??= proveConditions())
    const deadline = performance.now() + waitMs
    const token = randomUUID()
    let seen: { etag: string; since: number } | undefined
    for (;;) {
      const current = await readLease(signal)
      if (current && seen?.etag !== current.etag) seen = { etag: current.etag, since: performance.now() }
      if (!current || current.lease.released || performance.now() - seen!.since > leaseMs) {
        const lease: Lease = { token, fence: (current?.lease.fence ?? 0) + 1, beat: 0, released: false, holder: `${hostname()}/${process.pid}` }
        try {
          const etag = await put(leaseKey, encode(lease), current ? { IfMatch: current.etag } : { IfNoneMatch: '*' }, signal)
          return held(lease, etag)
        } catch (thrown) {
          if (translate(thrown).code !== 'conflict') throw translate(thrown)
        }
      } else if (performance.now() >= deadline) {
        throw new HiveError('conflict', `The backups are in use by ${current.lease.holder}.`, { kind: 'transient', retryAfterMs: leaseMs })
      } else await sleep(pollMs, undefined, signal && { signal })
    }
  }

  const held = (first: Lease, firstEtag: string): StoreLock => {
    const lost = new AbortController()
    let lease = first
    let etag = firstEtag
    let renewedAt = performance.now()
    let turn: Promise<void> = Promise.resolve()
    const fail = (why: string): void => lost.abort(new HiveError('conflict', why, { details: { fence: lease.fence } }))
    const renew = async (released = false): Promise<void> => {
      try {
        const next = { ...lease, beat: lease.beat + 1, released }
        etag = await put(leaseKey, encode(next), { IfMatch: etag })
        lease = next
        renewedAt = performance.now()
      } catch (thrown) {
        // A lease that may have run out is treated as lost before anyone else can take it.
        if (translate(thrown).code === 'conflict' || performance.now() - renewedAt > leaseMs / 2) fail('The lease of the backups was lost.')
      }
    }
    const timer = setInterval(() => void (turn = turn.then(() => renew())), leaseMs / 4).unref()
    const check = async (): Promise<void> => {
      if (!lost.signal.aborted && performance.now() - renewedAt > leaseMs / 2) await (turn = turn.then(() => renew()))
      if (lost.signal.aborted) throw lost.signal.reason as HiveError
    }
    const guarded = async <T>(step: () => Promise<T>): Promise<T> => {
      await check()
      try {
        return await step()
      } catch (thrown) {
        throw translate(thrown)
      }
    }
    return {
      fence: first.fence, lost: lost.signal,
      write: (key, content, { replace = false, signal } = {}) => guarded(() => upload(key, content, replace ? {} : { IfNoneMatch: '*' }, signal, check)),
      remove: (key, { signal } = {}) => guarded(async () => {
        // A delete has no condition, so the lease itself is asked: whoever took it over may need the object.
        const now = await readLease(signal)
        if (now?.lease.token !== first.token) fail('The lease of the backups was taken over.')
        await check()
        await client.send(new DeleteObjectCommand(at(key)), sending(signal))
      }),
      removeLeftover: name => guarded(async () => {
        const [UploadId, key] = JSON.parse(name) as [string, string]
        await client.send(new AbortMultipartUploadCommand({ ...at(key), UploadId }))
      }),
      [Symbol.asyncDispose]: async () => {
        clearInterval(timer)
        await turn
        if (!lost.signal.aborted) await renew(true)
        fail('The lock of the backups was released.')
      },
    }
  }

  const upload = async (
    key: string, content: Uint8Array | AsyncIterable<Uint8Array>, condition: { IfNoneMatch?: string }, signal: AbortSignal | undefined, check: () => Promise<void>,
  ): Promise<WrittenObject> => {
    const hash = createHash('sha256')
    let bytes = 0
    let UploadId: string | undefined
    const Parts: { PartNumber: number; ETag: string | undefined; ChecksumSHA256: string }[] = []
    const part = async (Body: Buffer): Promise<void> => {
      UploadId ??= (await client.send(new CreateMultipartUploadCommand({ ...at(key), ChecksumAlgorithm: 'SHA256', ...retention(key) }), sending(signal))).UploadId!
      const PartNumber = Parts.length + 1
      const ChecksumSHA256 = createHash('sha256').update(Body).digest('base64')
      const { ETag } = await client.send(new UploadPartCommand({ ...at(key), UploadId, PartNumber, Body, ChecksumSHA256 }), sending(signal))
      Parts.push({ PartNumber, ETag, ChecksumSHA256 })
    }
    try {
      let buffer = Buffer.allocUnsafe(partBytes)
      let filled = 0
      for await (const chunk of content instanceof Uint8Array ? [content] : content) {
        hash.update(chunk)
        bytes += chunk.length
        for (let from = 0; from < chunk.length;) {
          const copied = chunk.subarray(from, from + partBytes - filled)
          buffer.set(copied, filled)
          filled += copied.length
          from += copied.length
          if (filled < partBytes) continue
          await part(buffer)
          buffer = Buffer.allocUnsafe(partBytes)
          filled = 0
        }
      }
      await check()
      if (UploadId === undefined) await put(key, buffer.subarray(0, filled), condition, signal)
      else {
        if (filled > 0) await part(buffer.subarray(0, filled))
        await client.send(new CompleteMultipartUploadCommand({ ...at(key), UploadId, MultipartUpload: { Parts }, ...condition }), sending(signal))
      }
    } catch (thrown) {
      if (UploadId !== undefined) await client.send(new AbortMultipartUploadCommand({ ...at(key), UploadId })).catch(() => {})
      throw thrown
    }
    // Every part's digest was compared by the store; the size is asked for once more.
    const { ContentLength } = await client.send(new HeadObjectCommand(at(key)), sending(signal))
    if (ContentLength !== bytes) throw new HiveError('data_corrupt', `${key} was stored with ${ContentLength} of ${bytes} bytes.`)
    return { bytes, sha256: hash.digest('hex') }
  }

  return {
    location: `s3://${Bucket}/${prefix}`, read, list, lock,
    stat: async (key, { signal } = {}) => {
      try {
        const { ContentLength = 0, LastModified } = await client.send(new HeadObjectCommand(at(key)), sending(signal))
        return { key, bytes: ContentLength, modifiedAt: LastModified?.getTime() ?? 0 }
      } catch (thrown) {
        if (translate(thrown).code === 'not_found') return undefined
        throw translate(thrown)
      }
    },
    leftovers: async function* ({ signal } = {}) {
      const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: prefix }), sending(signal)).catch((thrown: unknown) => { throw translate(thrown) })
      for (const { Key, UploadId, Initiated } of Uploads) {
        const name = JSON.stringify([UploadId, Key!.slice(prefix.length)])
        yield { name, bytes: 0, modifiedAt: Initiated?.getTime() ?? 0, reason: 'a multipart upload that was never completed; its parts are paid for' }
      }
    },
    [Symbol.asyncDispose]: async () => client.destroy(),
  }
}

const encode = (lease: Lease): Buffer => Buffer.from(JSON.stringify(lease))
const sending = (signal: AbortSignal | undefined): { abortSignal?: AbortSignal } => (signal ? { abortSignal: signal } : {})

const codeOfStatus: Readonly<Record<number, ErrorCode>> = { 403: 'forbidden', 404: 'not_found', 409: 'conflict', 412: 'conflict', 429: 'rate_limited', 503: 'unavailable', 507: 'storage_full' }

const translate = (thrown: unknown): HiveError => {
  if (isHiveError(thrown)) return thrown
  if (!(thrown instanceof Error)) return new HiveError('internal', String(thrown))
  if (thrown.name === 'AbortError') return new HiveError('cancelled', 'Cancelled.', { cause: thrown })
  const status = '$metadata' in thrown ? (thrown.$metadata as { httpStatusCode?: number }).httpStatusCode : undefined
  return new HiveError(codeOfStatus[status ?? 0] ?? 'dependency_failed', `S3: ${thrown.name}: ${thrown.message}`, { cause: thrown, details: { status } })
}
