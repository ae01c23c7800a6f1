import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { createServer, type AddressInfo } from 'node:net'
import { inflateSync } from 'node:zlib'
import { createDatadogSink, createPusher, createRegistry, createStatsdSink, toJsonLines } from '@hivekit/metrics'
import { createOtlpSink } from '@hivekit/metrics/otlp'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { StatsD } from 'hot-shots'
import { describe, expect, it } from 'vitest'
import { must, mustFail } from './must.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** An HTTP server that notes what it is sent and answers as it is told. */
const fakeServer = async (answer: () => { readonly status: number; readonly body?: string }) => {
  const requests: { readonly url: string; readonly headers: Readonly<Record<string, unknown>>; readonly body: Buffer }[] = []
  const server = createHttpServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part)).on('end', () => {
      requests.push({ url: request.url!, headers: request.headers, body: Buffer.concat(parts) })
      const { status, body = '{}' } = answer()
      response.writeHead(status, { 'content-type': 'application/json' }).end(body)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url, requests, [Symbol.asyncDispose]: async () => { server.closeAllConnections(); server.close() } }
}

const program = () => {
  const registry = createRegistry()
  return {
    registry,
    calls: registry.counter({ name: 'calls_total', help: 'Calls.', unit: '1', labels: ['bot'] }),
    depth: registry.gauge({ name: 'depth', help: 'Depth.', unit: '1' }),
  }
}

describe('Datadog', () => {
  it('is sent series of version 2, what it did not take waits through an outage and a restart, and receipts count all', async () => {
    let status = 202
    await using server = await fakeServer(() => ({ status, body: '{"errors":[]}' }))
    using folder = temporaryFolder()
    const { registry, calls, depth } = program()
    const start = (sink = createDatadogSink({ url: server.url, apiKey: () => 'secret', tags: ['hive:main'] })) => ({ sink, pusher: createPusher({ sink, backlogPath: folder.file('backlog') }) })
    const { sink, pusher } = start()
    calls.inc({ bot: 'a' }, 5)
    depth.set(3)
    expect(must(await pusher.push(registry.collect(), { at: 10_000 }))).toEqual({ sent: 1, accepted: 1, unconfirmed: 0, waiting: 0, lost: 0 })
    status = 503
    calls.inc({ bot: 'a' }, 2)
    expect(mustFail(await pusher.push(registry.collect(), { at: 20_000 })).code).toBe('unavailable')
    expect(pusher.receipt().waiting).toBe(2)
    status = 202
    const after = start(sink).pusher
    expect(must(await after.push(registry.collect(), { at: 30_000 }))).toMatchObject({ sent: 4, accepted: 4, waiting: 0, lost: 0 })
    const sent = server.requests.slice(2).map(({ body }) => JSON.parse(inflateSync(body).toString()) as unknown)
    expect(server.requests[0]).toMatchObject({ url: '/api/v2/series', headers: { 'dd-api-key': 'secret', 'content-encoding': 'deflate', 'content-type': 'application/json' } })
    expect(sent[0]).toEqual({ series: [
      { metric: 'calls_total', type: 1, points: [{ timestamp: 20, value: 2 }], tags: ['hive:main', 'bot:a'], interval: 10 },
      { metric: 'depth', type: 3, points: [{ timestamp: 20, value: 3 }], tags: ['hive:main'] },
    ] })
    expect(sent[1]).toMatchObject({ series: [{ points: [{ timestamp: 30, value: 0 }] }, { points: [{ timestamp: 30, value: 3 }] }] })
    status = 413
    expect(mustFail(await after.push(registry.collect(), { at: 40_000 })).code).toBe('too_large')
    expect(after.receipt()).toMatchObject({ waiting: 0, lost: 2 })
  })
})

describe('DogStatsD', () => {
  it('is sent what hot-shots sends, byte for byte', async () => {
    const agent = createSocket('udp4')
    agent.bind(0, '127.0.0.1')
    await once(agent, 'listening')
    const { port } = agent.address()
    const received = async () => String((await once(agent, 'message') as [Buffer])[0])
    await using sink = createStatsdSink({ port, tags: ['hive:main'] })
    const { registry, calls, depth } = program()
    depth.set(2.5)
    calls.inc({ bot: 'a' })
    sink.encode(registry.collect(), 0)
    calls.inc({ bot: 'a' }, 3)
    const [message] = sink.encode(registry.collect(), 0)
    const ours = received()
    expect(must(await sink.send(message!, {}))).toBeUndefined()
    const client = new StatsD({ host: '127.0.0.1', port, globalTags: ['hive:main'] })
    const [first, second] = (await ours).split('\n')
    for (const [line, call] of [[first, () => client.increment('calls_total', 3, ['bot:a'])], [second, () => client.gauge('depth', 2.5)]] as const) {
      const theirs = received()
      call()
      expect(line).toBe(await theirs)
    }
    await new Promise<void>(resolve => client.close(() => resolve()))
    agent.close()
  })

  it('speaks the stream protocol over a Unix socket, and plain StatsD without tags', async () => {
    using folder = temporaryFolder()
    const socketPath = folder.file('agent.sock')
    const server = createServer().listen(socketPath)
    await once(server, 'listening')
    const received = new Promise<Buffer>(resolve => server.once('connection', socket => {
      const parts: Buffer[] = []
      socket.on('data', part => parts.push(part)).on('end', () => resolve(Buffer.concat(parts)))
    }))
    await using sink = createStatsdSink({ socketPath })
    const { registry, depth } = program()
    depth.set(1)
    must(await sink.send(sink.encode(registry.collect(), 0)[0]!, {}))
    const bytes = await received
    expect(bytes.readUInt32LE(0)).toBe(bytes.length - 4)
    expect(bytes.toString('utf8', 4)).toBe('depth:1|g')
    server.close()
    await using plain = createStatsdSink({ dialect: 'statsd' })
    expect(plain.encode([{ name: 'up', help: 'Up.', type: 'gauge', samples: [{ labels: { bot: 'a:b' }, value: 1 }] }], 0)[0]!.body).toBe('up.a_b:1|g')
  })
})

describe('OTLP', () => {
  it('goes out through the OpenTelemetry exporter with all that was measured', async () => {
    await using server = await fakeServer(() => ({ status: 200 }))
    const registry = createRegistry()
    registry.counter({ name: 'calls_total', help: 'Calls.', unit: '1', labels: ['bot'] }).inc({ bot: 'a' }, 4)
    registry.histogram({ name: 'took_seconds', help: 'Took.', unit: 'seconds', buckets: [1, 2] }).observe(1.5)
    const exporter = new OTLPMetricExporter({ url: `${server.url}/v1/metrics` })
    const pusher = createPusher({ sink: createOtlpSink({ exporter, resource: resourceFromAttributes({ 'service.name': 'hive' }), startedAt: 0 }) })
    expect(must(await pusher.push(registry.collect(), { at: 1_500 }))).toMatchObject({ sent: 6, accepted: 6 })
    const body = JSON.parse(server.requests[0]!.body.toString()) as { resourceMetrics: { scopeMetrics: { metrics: unknown[] }[] }[] }
    expect(body.resourceMetrics[0]!.scopeMetrics[0]!.metrics).toMatchObject([
      { name: 'calls', sum: { isMonotonic: true, aggregationTemporality: 2, dataPoints: [{ asDouble: 4, timeUnixNano: '1500000000', attributes: [{ key: 'bot', value: { stringValue: 'a' } }] }] } },
      { name: 'took_seconds', unit: 's', histogram: { dataPoints: [{ count: 1, sum: 1.5, bucketCounts: [0, 1, 0], explicitBounds: [1, 2] }] } },
    ])
    await exporter.shutdown()
  })
})

describe('JSON lines', () => {
  it('hold every number there is', () => {
    expect(toJsonLines([{ name: 'x', help: 'X.', type: 'gauge', samples: [{ labels: { a: '1' }, value: Infinity, timestamp: 7 }] }], 5)).toBe('{"at":7,"name":"x","type":"gauge","labels":{"a":"1"},"value":"+Inf"}\n')
  })
})
