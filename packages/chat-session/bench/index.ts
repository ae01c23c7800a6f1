import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { zstdDecompressSync } from 'node:zlib'
import { openSessionStore, type BotSessions, type SessionStore } from '@hivekit/chat-session'
import type { HiveError, Result } from '@hivekit/errors'
import { createMessageSource, mixedMarkdown, vocabulary } from './corpus.ts'
import { pdfkitExport } from './pdfkit-peer.ts'

interface BenchRow { readonly case: string, readonly ours: number, readonly peer: number | null, readonly unit: string, readonly ratio: number | null }

const must = <T>(result: Result<T, HiveError>): T => {
  if (result.isErr()) throw result.error
  return result.value
}
const round = (value: number) => Number(value.toPrecision(3))
const row = (name: string, ours: number, peer: number | null, unit: string, ratio: number | null): BenchRow =>
  ({ case: name, ours: round(ours), peer: peer === null ? null : round(peer), unit, ratio: ratio === null ? null : round(ratio) })
const say = (line: string) => process.stderr.write(`${line}\n`)
const parts = (text: string) => [{ type: 'text', text }]
/** CPU seconds of the whole process, its threads included. */
const cpuOf = async (work: () => unknown): Promise<number> => {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

/** Messages in the store that is searched. A million takes some minutes to fill. */
const stored = Number(process.env.HIVEKIT_BENCH_MESSAGES ?? 100_000)

export default async (): Promise<BenchRow[]> => {
  const folder = await mkdtemp(join(tmpdir(), 'chat-session-bench-'))
  try {
    const rows: BenchRow[] = []
    rows.push(...await appends(folder))
    rows.push(...await searches(folder))
    rows.push(...await pdfs(folder))
    return rows
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** What most programs do: a transaction a message, the index by trigger. */
const openPlain = (path: string) => {
  const db = new DatabaseSync(path)
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    CREATE TABLE messages (id INTEGER PRIMARY KEY, session INTEGER, text TEXT);
    CREATE INDEX by_session ON messages (session);
    CREATE VIRTUAL TABLE f USING fts5 (text, content = 'messages', content_rowid = 'id');
    CREATE TRIGGER t AFTER INSERT ON messages BEGIN INSERT INTO f (rowid, text) VALUES (new.id, new.text); END`)
  return db
}

const appends = async (folder: string): Promise<BenchRow[]> => {
  say('appends from 100 sessions, searches meanwhile')
  let ours = 0
  let peer = 0
  for (let turn = 0; turn < 3; turn++) {
    const message = createMessageSource(turn)
    const store = must(await openSessionStore({ path: join(folder, `append-${turn}.db`) }))
    const door = store.forBot('b')
    const ids = await Promise.all(Array.from({ length: 100 }, async () => must(await door.create()).id))
    let done = false
    const searching = (async () => {
      while (!done) {
        must(await door.search(vocabulary[200]!))
        await new Promise(resolve => { setTimeout(resolve, 50) })
      }
    })()
    const began = performance.now()
    await Promise.all(ids.map(async id => {
      for (let i = 0; i < 100; i++) must(await door.append(id, { role: 'user', parts: parts(message()) }))
    }))
    ours = Math.max(ours, 10_000 / ((performance.now() - began) / 1000))
    done = true
    await searching
    await store[Symbol.asyncDispose]()

    const db = openPlain(join(folder, `plain-${turn}.db`))
    const insert = db.prepare('INSERT INTO messages (session, text) VALUES (?, ?)')
    const start = performance.now()
    for (let i = 0; i < 1_500; i++) insert.run(i % 100, message())
    peer = Math.max(peer, 1_500 / ((performance.now() - start) / 1000))
    db.close()
  }
  return [row('durable appends, 100 sessions, search live', ours, peer, 'messages/s', peer / ours)]
}

const fill = async (store: SessionStore, door: BotSessions, db: DatabaseSync) => {
  const message = createMessageSource(42)
  const ids = await Promise.all(Array.from({ length: stored / 1_000 }, async () => must(await door.create()).id))
  const insert = db.prepare('INSERT INTO messages (session, text) VALUES (?, ?)')
  let bytes = 0
  for (let i = 0; i < stored; i += 500) {
    const texts = Array.from({ length: 500 }, message)
    bytes += texts.reduce((sum, t) => sum + t.length, 0)
    await Promise.all(texts.map((t, k) => door.append(ids[(i + k) % ids.length]!, { role: k % 2 ? 'bot' : 'user', parts: parts(t) })))
    db.exec('BEGIN')
    for (const [k, t] of texts.entries()) insert.run((i + k) % ids.length, t)
    db.exec('COMMIT')
  }
  // A search has all that is acknowledged indexed first.
  must(await store.search('settle'))
  return { ids, bytes }
}

const searches = async (folder: string): Promise<BenchRow[]> => {
  say(`filling a store with ${stored} messages`)
  const path = join(folder, 'search.db')
  const store = must(await openSessionStore({ path }))
  const door = store.forBot('b')
  const db = openPlain(join(folder, 'search-plain.db'))
  const { ids, bytes } = await fill(store, door, db)
  const common = vocabulary[0]!
  const middle = vocabulary[40]!
  const rare = vocabulary[20_000]!
  const queries = [
    common, middle, rare, `${common} ${middle}`, `"${common} ${vocabulary[1]}"`, `${middle} -${common}`, `-${common}`, `${middle} role:user`, 'k*',
    `${middle.slice(0, 3)}*`, `zz*`, `${middle} after:2026`, `has:attachment`, '',
  ]
  const plain = db.prepare('SELECT rowid FROM f WHERE f MATCH ? ORDER BY rank LIMIT 20')
  const ours: number[] = []
  const peers: number[] = []
  for (const order of ['newest', 'relevance'] as const) {
    for (const query of queries) {
      const costs: number[] = []
      for (let turn = 0; turn < 5; turn++) costs.push(await cpuOf(async () => must(await door.search(query, { order }))))
      ours.push(Math.min(...costs) * 1000)
      say(`  ${order} ${JSON.stringify(query)} ${round(ours.at(-1)!)} ms CPU`)
    }
  }
  for (const query of [common, middle, rare, `${common} ${middle}`, `"${common} ${vocabulary[1]}"`]) {
    const costs: number[] = []
    for (let turn = 0; turn < 3; turn++) costs.push(await cpuOf(() => plain.all(query)))
    peers.push(Math.min(...costs) * 1000)
  }
  const p95 = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * 0.95))]!
  const within: number[] = []
  for (const query of [common, middle, rare]) {
    const costs: number[] = []
    for (let turn = 0; turn < 9; turn++) costs.push(await cpuOf(async () => must(await door.search(query, { sessionId: ids[7]! }))))
    within.push(Math.min(...costs) * 1000)
  }
  say('archiving')
  const id = ids[3]!
  const text = must(await door.get(id)).messageCount * (bytes / stored)
  must(await door.archive(id))
  const [archive] = await readdir(`${path}-archive`)
  const file = await readFile(join(`${path}-archive`, archive!))
  const archived = file.length
  const unpacked = zstdDecompressSync(file).length
  const thaw = await cpuOf(async () => must(await door.thaw(id)))
  await store[Symbol.asyncDispose]()
  new DatabaseSync(path).close()
  const size = (await stat(path)).size
  db.close()
  return [
    row(`search of ${stored} messages, every query shape, p95`, p95(ours), p95(peers), 'ms CPU', p95(ours) / p95(peers)),
    row('search within one session', Math.max(...within), null, 'ms CPU', null),
    row('disk per byte of text', size / bytes, null, 'bytes', null),
    row('archive: bytes of JSON Lines per byte', unpacked / archived, null, 'times', null),
    row('archive: bytes of bare text per byte', text / archived, null, 'times', null),
    row('thaw of 1,000 messages', thaw * 1000, null, 'ms CPU', null),
  ]
}

const pdfs = async (folder: string): Promise<BenchRow[]> => {
  say('PDF of 1,000 messages')
  const store = must(await openSessionStore({ path: join(folder, 'pdf.db') }))
  const door = store.forBot('b')
  const { id } = must(await door.create({ title: 'Bench' }))
  const texts = Array.from({ length: 1_000 }, (_, i) => mixedMarkdown(i))
  for (const text of texts) must(await door.append(id, { role: 'bot', parts: parts(text) }))
  const ours: number[] = []
  const peers: number[] = []
  for (let turn = 0; turn < 2; turn++) {
    ours.push(await cpuOf(async () => {
      for await (const _ of must(await door.exportSession(id, { format: 'pdf' })).content) void _
    }))
    // Once: it takes ten seconds.
    if (turn === 0) peers.push(await cpuOf(() => pdfkitExport(texts)))
  }
  await store[Symbol.asyncDispose]()
  const best = Math.min(...ours)
  return [row('PDF of 1,000 mixed messages', best, Math.min(...peers), 's CPU', best / Math.min(...peers))]
}
