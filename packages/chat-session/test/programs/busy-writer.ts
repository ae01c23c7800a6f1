import { writeSync } from 'node:fs'
import { openSessionStore } from '@hivekit/chat-session'
import { must } from '../must.ts'

/*
 * Chats, edits and deletes as fast as it can until it is killed. Each line it prints says what was acknowledged
 * (or, for a deletion, what it is about to do).
 */

const store = must(await openSessionStore({ path: process.argv[2]!, checkpointMs: 5 }))
const say = (line: object) => {
  let rest = Buffer.from(`${JSON.stringify(line)}\n`)
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(1, rest))
    } catch (error) {
      // Whoever reads is behind: the pipe is full.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
    }
  }
}
must(await store.recover())
say({ ready: true })

const run = async (worker: number) => {
  const door = store.forBot(`bot${worker % 3}`)
  for (let round = 0; ; round++) {
    const { id } = must(await door.create({ title: `w${worker}` }))
    say({ created: id, bot: door.botId })
    for (let i = 0; i < 6; i++) {
      const text = `${worker}.${round}.${i} ${'word '.repeat(i * 20)}`
      const idempotencyKey = `${worker}.${round}.${i}`
      const { message, reply } = must(await door.ask(id, { parts: [{ type: 'text', text }], idempotencyKey }))
      say({ asked: id, message: message.id, reply: reply.id, seq: message.seq, text, idempotencyKey })
      const writer = must(await door.openReply(id, reply.id))
      for (let k = 0; k < 5; k++) {
        writer.appendText(`${text} ${k}`)
        if (k % 2 === 0) must(await writer.flush())
        say({ saved: id, reply: reply.id, k: k - (k % 2) })
      }
      must(await writer.finish({ state: 'complete' }))
      say({ finished: id, reply: reply.id, text: [0, 1, 2, 3, 4].map(k => `${text} ${k}`).join('') })
    }
    if (round % 3 === 1) {
      must(await door.archive(id))
      if (round % 2) must(await door.thaw(id))
    }
    if (round % 3 === 2) {
      say({ deleting: id })
      must(await door.delete(id))
      say({ deleted: id })
    }
  }
}
await Promise.all(Array.from({ length: 8 }, (_, i) => run(i)))
