import { createHash, createHmac, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

const md5 = (bytes: Uint8Array): string => `"${createHash('md5').update(bytes).digest('hex')}"`
const sha256 = (bytes: Uint8Array | string, encoding: 'hex' | 'base64' = 'hex'): string => createHash('sha256').update(bytes).digest(encoding)
const hmac = (key: Uint8Array | string, text: string): Buffer => createHmac('sha256', key).update(text).digest()
const encodeStrictly = (text: string): string => encodeURIComponent(text).replace(/[!'()*]/g, char => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)

interface Stored { bytes: Buffer; etag: string; at: Date; lockedUntil?: Date }

/**
 * An S3 that is strict where fakes are lax: it verifies SigV4, payload hashes and SHA-256 checksums, honours `If-Match` and
 * `If-None-Match` on writes, refuses small parts, keeps locked objects, and can be told to fail or to ignore conditions.
 */
export const startStrictS3 = async ({ bucket = 'backups', ignoreConditions = false } = {}) => {
  const secretAccessKey = 'secret'
  const objects = new Map<string, Stored>()
  const versions = new Map<string, Stored>()
  const uploads = new Map<string, { key: string; parts: Map<number, { bytes: Buffer; checksum: string }>; at: Date; lockedUntil?: Date }>()
  const faults: { status: number; times: number; match: (request: IncomingMessage) => boolean }[] = []

  class Refusal extends Error {
    readonly status: number
    readonly code: string
    constructor(status: number, code: string) {
      super(code)
      this.status = status
      this.code = code
    }
  }

  const authenticate = (request: IncomingMessage, url: URL, body: Buffer): void => {
    const [, keyId, scope, names, signature] = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/([^,]+), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(request.headers.authorization ?? '') ?? []
    if (keyId !== 'key' || !scope || !names) throw new Refusal(403, 'AccessDenied')
    const payloadHash = String(request.headers['x-amz-content-sha256'])
    if (payloadHash !== sha256(body)) throw new Refusal(400, 'XAmzContentSHA256Mismatch')
    const query = [...url.searchParams].map(([key, text]) => `${encodeStrictly(key)}=${encodeStrictly(text)}`).toSorted().join('&')
    const headers = names.split(';').map(name => `${name}:${String(request.headers[name] ?? '').trim().replace(/\s+/g, ' ')}\n`).join('')
    const canonical = [request.method, url.pathname, query, headers, names, payloadHash].join('\n')
    const [day, region, service] = scope.split('/') as [string, string, string]
    const toSign = ['AWS4-HMAC-SHA256', request.headers['x-amz-date'], scope, sha256(canonical)].join('\n')
    const key = hmac(hmac(hmac(hmac(`AWS4${secretAccessKey}`, day), region), service), 'aws4_request')
    if (hmac(key, toSign).toString('hex') !== signature) throw new Refusal(403, 'SignatureDoesNotMatch')
  }

  const checkConditions = (request: IncomingMessage, key: string): void => {
    if (ignoreConditions) return
    const there = objects.get(key)
    if (request.headers['if-none-match'] === '*' && there) throw new Refusal(412, 'PreconditionFailed')
    const match = request.headers['if-match']
    if (match !== undefined && !there) throw new Refusal(404, 'NoSuchKey')
    if (match !== undefined && there!.etag !== match) throw new Refusal(412, 'PreconditionFailed')
  }

  const checksum = (request: IncomingMessage, body: Buffer): string => {
    const given = request.headers['x-amz-checksum-sha256']
    if (typeof given !== 'string') throw new Refusal(400, 'MissingChecksum')
    if (given !== sha256(body, 'base64')) throw new Refusal(400, 'BadDigest')
    return given
  }

  const lockOf = (request: IncomingMessage): { lockedUntil?: Date } => {
    const until = request.headers['x-amz-object-lock-retain-until-date']
    return typeof until === 'string' ? { lockedUntil: new Date(until) } : {}
  }

  const answer = (response: ServerResponse, status: number, body: string | Buffer = '', headers: Record<string, string> = {}): void => {
    response.writeHead(status, { 'content-type': 'application/xml', 'content-length': Buffer.byteLength(body), ...headers }).end(body)
  }

  const handle = (request: IncomingMessage, response: ServerResponse, body: Buffer): void => {
    const url = new URL(request.url!, 'http://s3')
    authenticate(request, url, body)
    const [, name, ...rest] = decodeURIComponent(url.pathname).split('/')
    if (name !== bucket) throw new Refusal(404, 'NoSuchBucket')
    const key = rest.join('/')
    const query = url.searchParams
    const fault = faults.find(({ times, match }) => times > 0 && match(request))
    if (fault) {
      fault.times--
      throw new Refusal(fault.status, 'Injected')
    }
    if (key === '' && query.has('uploads')) {
      const prefix = query.get('prefix') ?? ''
      const items = [...uploads].filter(([, upload]) => upload.key.startsWith(prefix))
        .map(([id, upload]) => `<Upload><Key>${upload.key}</Key><UploadId>${id}</UploadId><Initiated>${upload.at.toISOString()}</Initiated></Upload>`)
      return answer(response, 200, `<ListMultipartUploadsResult>${items.join('')}</ListMultipartUploadsResult>`)
    }
    if (key === '') {
      // Pages of three, so that paging is met at once.
      const keys = [...objects.keys()].filter(found => found.startsWith(query.get('prefix') ?? '')).toSorted()
      const from = Number(query.get('continuation-token') ?? 0)
      const page = keys.slice(from, from + 3).map(found => `<Contents><Key>${found}</Key><Size>${objects.get(found)!.bytes.length}</Size><LastModified>${objects.get(found)!.at.toISOString()}</LastModified></Contents>`)
      const next = from + 3 < keys.length ? `<IsTruncated>true</IsTruncated><NextContinuationToken>${from + 3}</NextContinuationToken>` : '<IsTruncated>false</IsTruncated>'
      return answer(response, 200, `<ListBucketResult>${page.join('')}${next}</ListBucketResult>`)
    }
    const uploadId = query.get('uploadId') ?? ''
    if (request.method === 'POST' && query.has('uploads')) {
      const id = randomUUID()
      uploads.set(id, { key, parts: new Map(), at: new Date(), ...lockOf(request) })
      return answer(response, 200, `<InitiateMultipartUploadResult><Key>${key}</Key><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`)
    }
    if (request.method === 'PUT' && query.has('partNumber')) {
      const upload = uploads.get(uploadId)
      if (!upload) throw new Refusal(404, 'NoSuchUpload')
      upload.parts.set(Number(query.get('partNumber')), { bytes: body, checksum: checksum(request, body) })
      return answer(response, 200, '', { etag: md5(body) })
    }
    if (request.method === 'POST') {
      const upload = uploads.get(uploadId)
      if (upload?.key !== key) throw new Refusal(404, 'NoSuchUpload')
      checkConditions(request, key)
      const wanted = [...body.toString().matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, part]) => ({
        number: Number(/<PartNumber>(\d+)</.exec(part!)![1]), checksum: /<ChecksumSHA256>([^<]+)</.exec(part!)?.[1],
      }))
      const parts = wanted.map(({ number, checksum: given }, index) => {
        const part = upload.parts.get(number)
        if (!part || part.checksum !== given || number !== index + 1) throw new Refusal(400, 'InvalidPart')
        if (index < wanted.length - 1 && part.bytes.length < 5 << 20) throw new Refusal(400, 'EntityTooSmall')
        return part.bytes
      })
      const bytes = Buffer.concat(parts)
      const etag = md5(bytes)
      objects.set(key, { bytes, etag, at: new Date(), ...(upload.lockedUntil && { lockedUntil: upload.lockedUntil }) })
      uploads.delete(uploadId)
      return answer(response, 200, `<CompleteMultipartUploadResult><ETag>${etag}</ETag></CompleteMultipartUploadResult>`)
    }
    if (request.method === 'PUT') {
      checksum(request, body)
      checkConditions(request, key)
      const etag = md5(Buffer.concat([body, Buffer.from(randomUUID())]))
      objects.set(key, { bytes: body, etag, at: new Date(), ...lockOf(request) })
      return answer(response, 200, '', { etag })
    }
    if (request.method === 'DELETE' && uploadId) {
      if (!uploads.delete(uploadId)) throw new Refusal(404, 'NoSuchUpload')
      return answer(response, 204)
    }
    const found = objects.get(key)
    if (request.method === 'DELETE') {
      // Object Lock needs versioning: a plain delete hides the object, and the locked version stays.
      if (found?.lockedUntil && found.lockedUntil > new Date()) versions.set(key, found)
      objects.delete(key)
      return answer(response, 204)
    }
    if (!found) throw new Refusal(404, 'NoSuchKey')
    const headers = { etag: found.etag, 'last-modified': found.at.toUTCString(), 'content-type': 'application/octet-stream' }
    if (request.method === 'HEAD') {
      response.writeHead(200, { ...headers, 'content-length': found.bytes.length }).end()
      return
    }
    const [, start, end] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? []
    if (start === undefined) return answer(response, 200, found.bytes, headers)
    if (Number(start) >= found.bytes.length) throw new Refusal(416, 'InvalidRange')
    const part = found.bytes.subarray(Number(start), end ? Number(end) + 1 : undefined)
    answer(response, 206, part, { ...headers, 'content-range': `bytes ${start}-${Number(start) + part.length - 1}/${found.bytes.length}` })
  }

  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part)).once('end', () => {
      try {
        handle(request, response, Buffer.concat(parts))
      } catch (thrown) {
        const { status, code } = thrown instanceof Refusal ? thrown : { status: 500, code: 'InternalError' }
        answer(response, status, request.method === 'HEAD' ? '' : `<Error><Code>${code}</Code><Message>${String(thrown)}</Message></Error>`)
      }
    })
  })
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bucket, credentials: { accessKeyId: 'key', secretAccessKey }, objects, versions, uploads, faults,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise(closed => server.close(closed))
    },
  }
}
