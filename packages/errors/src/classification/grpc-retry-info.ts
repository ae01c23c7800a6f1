interface GrpcError {
  readonly metadata?: { readonly get?: (name: string) => unknown }
  readonly details?: unknown
}

/**
 * Reads how long a gRPC server asks to wait, in milliseconds: `grpc-retry-pushback-ms` (gRFC A6; negative means never retry), or
 * `google.rpc.RetryInfo` in the status details, as grpc-js (`grpc-status-details-bin`), Connect (bytes) and Google's JSON carry it.
 */
export const grpcRetryAfter = ({ metadata, details }: GrpcError): number | undefined => {
  const pushback = first(metadata?.get?.('grpc-retry-pushback-ms'))
  if (pushback !== undefined && Number.isFinite(Number(pushback))) return Number(pushback)
  const status = first(metadata?.get?.('grpc-status-details-bin'))
  if (status instanceof Uint8Array) {
    // google.rpc.Status { code = 1; message = 2; repeated google.protobuf.Any details = 3 }
    for (const any of bytesOf(fields(status), 3)) {
      const parts = fields(any) // Any { type_url = 1; value = 2 }
      const [type] = bytesOf(parts, 1)
      const [value] = bytesOf(parts, 2)
      if (type && value && isRetryInfo(new TextDecoder().decode(type))) return delayOf(value)
    }
  }
  return Array.isArray(details) ? details.map(listedDelay).find(delay => delay !== undefined) : undefined
}

const first = (value: unknown): unknown => (Array.isArray(value) ? value[0] : (value ?? undefined))

const isRetryInfo = (type: unknown) => typeof type === 'string' && type.endsWith('google.rpc.RetryInfo')

const listedDelay = (detail: unknown): number | undefined => {
  if (typeof detail !== 'object' || detail === null) return undefined
  const { '@type': jsonType, type, retryDelay, value } = detail as Readonly<Record<string, unknown>>
  if (isRetryInfo(jsonType) && typeof retryDelay === 'string') return Number.parseFloat(retryDelay) * 1_000
  return isRetryInfo(type) && value instanceof Uint8Array ? delayOf(value) : undefined
}

/** RetryInfo { retry_delay = 1 }, Duration { seconds = 1; nanos = 2 }. */
const delayOf = (retryInfo: Uint8Array): number => {
  const [duration] = bytesOf(fields(retryInfo), 1)
  const parts = duration ? fields(duration) : []
  const number = (id: number) => Number(parts.find(part => part.id === id)?.value ?? 0)
  return number(1) * 1_000 + number(2) / 1e6
}

interface Field {
  readonly id: number
  readonly value: number | Uint8Array
}

const bytesOf = (all: readonly Field[], id: number) =>
  all.flatMap(field => (field.id === id && field.value instanceof Uint8Array ? [field.value] : []))

/** The fields of a protobuf message; it throws a RangeError where one is cut short, and stops at wire types that none of these use. */
const fields = (bytes: Uint8Array): readonly Field[] => {
  const found: Field[] = []
  let at = 0
  const varint = () => {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++]
      if (byte === undefined) throw new RangeError('Cut short.')
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
  }
  while (at < bytes.length) {
    const tag = varint()
    const id = Math.floor(tag / 8)
    const wireType = tag % 8
    if (wireType === 0) found.push({ id, value: varint() })
    else if (wireType === 2) {
      const length = varint()
      found.push({ id, value: bytes.subarray(at, (at += length)) })
    } else break
  }
  return found
}
