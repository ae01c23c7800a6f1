import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { HiveEvent } from '../src/hive/model.ts'
import { openEventStream, type EventStream } from '../src/web/server/event-stream.ts'

let server: Server
let url: string
let asked: string[]
let answer: (response: ServerResponse) => void
let stream: EventStream | undefined

beforeEach(async () => {
  asked = []
  server = createServer((request, response) => {
    asked.push(request.url ?? '')
    answer(response)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/events`
})
afterEach(async () => {
  stream?.close()
  server.closeAllConnections()
  await new Promise(resolve => server.close(resolve))
})

const open = (response: ServerResponse) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write('retry: 1000\n\n')
}
const frame = (id: number, event: HiveEvent) => `id: ${id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`

const listen = (options: { silenceMs?: number } = {}) => {
  const told: string[] = []
  const waiting: { readonly what: string; readonly done: () => void }[] = []
  const tell = (what: string) => {
    told.push(what)
    for (const wait of waiting.filter(wait => wait.what === what)) wait.done()
  }
  stream = openEventStream({
    url, firstDelayMs: 5, maxDelayMs: 20, ...options,
    onEvent: event => tell(event.type === 'hive' ? `hive ${event.state}` : event.type),
    onLive: again => tell(again ? 'live again' : 'live'),
    onLost: () => tell('lost'),
    onSignedOut: () => tell('signed out'),
  })
  return { told, until: (what: string) => told.includes(what) ? undefined : new Promise<void>(done => waiting.push({ what, done })) }
}

test('events come as they are sent, however the network cuts them', async () => {
  answer = response => {
    open(response)
    for (const character of frame(1, { type: 'hive', state: 'draining' })) response.write(character)
  }
  const { told, until } = listen()
  await until('hive draining')
  expect(told).toEqual(['live', 'hive draining'])
})

test('a lost stream is opened again from the last event', async () => {
  answer = response => {
    open(response)
    if (asked.length === 1) response.end(frame(41, { type: 'hive', state: 'running' }))
    else response.write(frame(42, { type: 'reset' }))
  }
  const { told, until } = listen()
  await until('reset')
  expect(told).toEqual(['live', 'hive running', 'lost', 'live again', 'reset'])
  expect(asked).toEqual(['/api/events', '/api/events?lastEventId=41'])
})

test('a connection that is dead without saying so is noticed by its silence', async () => {
  answer = response => {
    open(response)
    if (asked.length > 1) response.write(frame(1, { type: 'hive', state: 'running' }))
  }
  const { told, until } = listen({ silenceMs: 60 })
  await until('hive running')
  expect(told.slice(0, 3)).toEqual(['live', 'lost', 'live again'])
})

test('a hive that is not there is asked again until it is', async () => {
  answer = response => {
    if (asked.length < 4) return void response.writeHead(503).end()
    open(response)
  }
  const { told, until } = listen()
  await until('live')
  expect(told).toEqual(['lost', 'lost', 'lost', 'live'])
})

test('a hive that wants a token is not asked again', async () => {
  answer = response => void response.writeHead(401).end()
  const { told, until } = listen()
  await until('signed out')
  expect(told).toEqual(['signed out'])
  expect(asked).toHaveLength(1)
})
