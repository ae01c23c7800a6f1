import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { reduce } from '../src/web/state/reduce.ts'
import { undelivered } from '../src/web/state/undelivered.ts'
import { emptyView, type Bot, type Message, type Outgoing, type Session, type View } from '../src/web/state/view.ts'
import type { Action } from '../src/web/state/action.ts'

const message = (seq: number, change: Partial<Message> = {}): Message => ({
  id: `m${seq}`, sessionId: 's', seq, role: seq % 2 === 1 ? 'user' : 'bot', parts: [{ type: 'text', text: `text ${seq}` }],
  state: 'complete', createdAt: seq, updatedAt: seq, ...change,
})
const session = (id: string, updatedAt: number, botId = 'b'): Session =>
  ({ id, botId, title: id, messageCount: 0, createdAt: 0, updatedAt })
const bot = (id: string): Bot => ({
  id, name: id, description: '', command: ['x'], state: 'ready', paused: false, commands: [], maxConcurrent: 1, running: 0, queued: 0, restarts: 0,
})
const outgoing = (key: string, change: Partial<Outgoing> = {}): Outgoing =>
  ({ key, sessionId: 's', text: key, state: 'sending', createdAt: 1, afterSeq: 0, ...change })

const after = (actions: readonly Action[], view: View = emptyView) => actions.reduce(reduce, view)
const read = (...messages: readonly Message[]): Action => ({ type: 'messages-read', sessionId: 's', messages })
const delta = (at: number, text: string, part = 0): Action =>
  ({ type: 'event', event: { type: 'delta', botId: 'b', sessionId: 's', messageId: 'm2', part, at, text } })
const came = (what: Message): Action => ({ type: 'event', event: { type: 'message', botId: 'b', message: what } })
const textOf = (view: View, id = 'm2') => {
  const part = view.conversations['s']?.messages.find(known => known.id === id)?.parts[0]
  return part?.type === 'text' ? part.text : undefined
}
const streaming = message(2, { parts: [{ type: 'text', text: '' }], state: 'streaming' })

describe('a reply that streams', () => {
  test('grows by its deltas, however they are cut and repeated', () => {
    fc.assert(fc.property(fc.string({ maxLength: 60 }), fc.array(fc.nat(20)), fc.array(fc.nat(10)), (text, cuts, repeats) => {
      const deltas: Action[] = []
      let at = 0
      for (const cut of [...cuts, text.length]) {
        deltas.push(delta(at, text.slice(at, at + cut)))
        at = Math.min(text.length, at + cut)
      }
      for (const i of repeats) if (deltas[i]) deltas.splice(i + 1, 0, deltas[i])
      expect(textOf(after([read(message(1), streaming), ...deltas]))).toBe(text)
    }))
  })

  test('that misses something waits for it and asks for it', () => {
    const gap = after([read(message(1), streaming), delta(0, 'one '), delta(8, 'three')])
    expect(gap.conversations['s']?.stale).toBe(true)
    expect(textOf(gap)).toBe('one ')
    const filled = reduce(gap, read(message(1), { ...streaming, parts: [{ type: 'text', text: 'one two ' }] }))
    expect(textOf(filled)).toBe('one two three')
    expect(filled.conversations['s']?.stale).toBe(false)
  })

  test('whose deltas come before the session was read has them afterwards', () => {
    const view = after([{ type: 'messages-asked', sessionId: 's' }, delta(3, 'def'), read(message(1), { ...streaming, parts: [{ type: 'text', text: 'abc' }] })])
    expect(textOf(view)).toBe('abcdef')
  })

  test('is not undone by an older reading of it', () => {
    const view = after([read(message(1), streaming), delta(0, 'all of it'), read(message(1), streaming)])
    expect(textOf(view)).toBe('all of it')
  })

  test('does not grow once it has ended', () => {
    const view = after([read(message(1), streaming), came(message(2, { parts: [{ type: 'text', text: 'end' }], updatedAt: 9 })), delta(3, ' and more')])
    expect(textOf(view)).toBe('end')
  })

  test('belongs to the session that asked, whatever is open', () => {
    const view = after([
      { type: 'place', place: { botId: 'b', sessionId: 'other' } },
      read(message(1), streaming),
      { type: 'messages-read', sessionId: 'other', messages: [] },
      came(message(2)),
    ])
    expect(view.conversations['other']?.messages).toEqual([])
    expect(view.unread['s']?.messageIds).toEqual(['m2'])
  })
})

describe('marks of what was not seen', () => {
  test('go when the session is opened, come for a page that nobody sees, and count a reply once', () => {
    const here: Action = { type: 'place', place: { botId: 'b', sessionId: 's' } }
    expect(after([here, came(message(2))]).unread).toEqual({})
    const hidden = after([here, { type: 'visible', visible: false }, came(message(2)), came(message(2)), came(message(4))])
    expect(hidden.unread['s']?.messageIds).toEqual(['m2', 'm4'])
    expect(reduce(hidden, { type: 'visible', visible: true }).unread).toEqual({})
    expect(after([came(message(2)), here]).unread).toEqual({})
  })

  test('are not set by a reply that is still coming, nor by one that was cancelled', () => {
    expect(after([came(streaming), came(message(4, { state: 'cancelled' }))]).unread).toEqual({})
  })
})

describe('the pages of a session', () => {
  test('join into one order without doubles, whichever comes first', () => {
    const all = Array.from({ length: 9 }, (_, i) => message(i + 1))
    const newest = after([{ type: 'messages-read', sessionId: 's', messages: all.slice(6), older: '7' }])
    const older = reduce(newest, { type: 'older-read', sessionId: 's', messages: all.slice(2, 7), older: '3' })
    expect(older.conversations['s']?.messages.map(({ seq }) => seq)).toEqual([3, 4, 5, 6, 7, 8, 9])
    const again = reduce(older, { type: 'messages-read', sessionId: 's', messages: all.slice(6), older: '7' })
    expect(again.conversations['s']?.messages).toHaveLength(7)
    expect(again.conversations['s']?.older).toBe('3')
  })

  test('begin anew where a page does not reach what is known', () => {
    const view = after([
      { type: 'messages-read', sessionId: 's', messages: [message(1), message(2)] },
      { type: 'messages-read', sessionId: 's', messages: [message(50), message(51)], older: '50' },
    ])
    expect(view.conversations['s']?.messages.map(({ seq }) => seq)).toEqual([50, 51])
    expect(view.conversations['s']?.older).toBe('50')
  })

  test('do not take in a message of a page that was not read', () => {
    const view = after([{ type: 'messages-read', sessionId: 's', messages: [message(50)], older: '50' }, came(message(3))])
    expect(view.conversations['s']?.messages.map(({ seq }) => seq)).toEqual([50])
  })
})

describe('a message on its way', () => {
  test('is shown until it is stored, and never twice, whether the answer or the stream is first', () => {
    const sending: Action = { type: 'sending', outgoing: outgoing('hello') }
    const sent: Action = { type: 'sent', key: 'hello', messageId: 'm1', replyId: 'm2', ahead: 2 }
    const stored = message(1, { parts: [{ type: 'text', text: 'hello' }] })
    const shown = (view: View) => [
      ...(view.conversations['s']?.messages ?? []).map(({ id }) => id),
      ...undelivered(view.outbox, 's', view.conversations['s']?.messages ?? []).map(({ key }) => key),
    ]
    const start = after([read()])
    expect([sending, sent, came(stored)].map((_, i, all) => shown(after(all.slice(0, i + 1), start)))).toEqual([['hello'], ['hello'], ['m1']])
    expect([sending, came(stored), sent].map((_, i, all) => shown(after(all.slice(0, i + 1), start)))).toEqual([['hello'], ['m1'], ['m1']])
    expect(after([sending, came(stored), sent], start).outbox).toEqual([])
  })

  test('that says the same as another is another', () => {
    const two = [outgoing('a', { text: 'yes' }), outgoing('b', { text: 'yes' })]
    expect(undelivered(two, 's', [message(1, { parts: [{ type: 'text', text: 'yes' }] })]).map(({ key }) => key)).toEqual(['b'])
  })
})

describe('lists', () => {
  test('keep the sessions of a bot newest first and forget a deleted one wholly', () => {
    const view = after([
      { type: 'sessions-read', botId: 'b', sessions: [session('x', 2), session('y', 1)], more: false },
      { type: 'event', event: { type: 'session', session: session('y', 3) } },
      { type: 'event', event: { type: 'session', session: session('z', 4) } },
    ])
    expect(view.sessionLists['b']?.ids).toEqual(['z', 'y', 'x'])
    const without = reduce(view, { type: 'event', event: { type: 'session-deleted', sessionId: 'y', botId: 'b' } })
    expect(without.sessionLists['b']?.ids).toEqual(['z', 'x'])
    expect('y' in without.sessions).toBe(false)
  })

  test('take bots in the order of the hive and know a new one', () => {
    const view = after([{ type: 'bots-read', bots: [bot('b'), bot('a')] }, { type: 'event', event: { type: 'bot', bot: bot('c') } }])
    expect(view.botList.ids).toEqual(['b', 'a', 'c'])
  })
})
