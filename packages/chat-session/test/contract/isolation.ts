import type { BotSessions, SessionStore } from '@hivekit/chat-session'
import type { HiveError, Result } from '@hivekit/errors'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { codeOf, must } from '../must.ts'

/** What the store should hold: sessions by scope, messages by session. */
interface ModelSession { readonly scope: number, title: string, data: object, readonly messages: { id: string, text: string, state: string }[] }

const scopes: readonly (readonly [bot: string, user?: string])[] = [['a'], ['b'], ['a', 'u'], ['a', 'v'], ['b', 'u'], ['au'], ['a', 'b']]
const soak = Number(process.env.HIVEKIT_SOAK ?? 1)

const command = fc.record({
  kind: fc.constantFrom('create', 'append', 'ask', 'reply', 'title', 'data', 'edit', 'delete', 'read'),
  scope: fc.nat(scopes.length - 1),
  session: fc.nat(20),
  message: fc.nat(20),
  text: fc.string({ unit: 'grapheme', maxLength: 20 }),
})

/** Any sequence of calls, made through doors that own the session and doors that do not, shows each door its own and no more. */
export const itIsolates = (open: () => Promise<{ readonly store: SessionStore, readonly close: () => Promise<void> }>, runs: number): void => {
  it('shows each door its own sessions, and answers not_found for all others', async () => {
    const { store, close } = await open()
    let round = 0
    try {
      await fc.assert(fc.asyncProperty(fc.array(command, { maxLength: 40 }), async commands => {
        // A fresh set of scopes each round, in one store: what earlier rounds left must not show either.
        round++
        const heard: string[][] = scopes.map(() => [])
        const doors = scopes.map(([bot, userId]) => store.forBot(`${round}${bot}`, userId === undefined ? {} : { userId }))
        const stops = doors.map((door, i) => door.onEvent(event =>
          heard[i]!.push(event.type === 'session' ? event.session.id : event.type === 'message' ? event.message.sessionId : event.sessionId)))
        const model = new Map<string, ModelSession>()
        for (const step of commands) await perform(doors, model, step)
        for (const [i, door] of doors.entries()) {
          const mine = [...model].filter(([, s]) => s.scope === i)
          expect(new Set(must(await door.list({ limit: 200 })).items.map(s => s.id))).toEqual(new Set(mine.map(([id]) => id)))
          for (const id of heard[i]!) expect(everOwned.get(id)).toBe(doors[i])
          for (const [id, session] of model) await compare(door, id, session, session.scope === i)
        }
        stops.forEach(stop => stop())
      }), { numRuns: Math.ceil(runs * soak) })
      expect(must(await store.checkIntegrity())).toEqual({ ok: true, problems: [] })
    } finally {
      await close()
    }
  })
}

const everOwned = new Map<string, BotSessions>()
const text = (t: string) => [{ type: 'text', text: t }]

const perform = async (
  doors: readonly BotSessions[],
  model: Map<string, ModelSession>,
  step: { kind: string, scope: number, session: number, message: number, text: string },
): Promise<void> => {
  const door = doors[step.scope]!
  if (step.kind === 'create') {
    const { id } = must(await door.create({ title: step.text }))
    everOwned.set(id, door)
    model.set(id, { scope: step.scope, title: step.text, data: {}, messages: [] })
    return
  }
  const [id, session] = [...model][step.session % Math.max(1, model.size)] ?? []
  if (!id || !session) return
  const own = session.scope === step.scope
  const target = session.messages[step.message % Math.max(1, session.messages.length)]
  /** Through a foreign door everything is not_found, and changes nothing. */
  const expectOwn = <T>(result: Result<T, HiveError>, then: (value: T) => void) => {
    if (own) then(must(result))
    else expect(codeOf(result)).toBe('not_found')
  }
  switch (step.kind) {
    case 'append':
      return expectOwn(await door.append(id, { role: 'user', parts: text(step.text) }), m =>
        session.messages.push({ id: m.id, text: step.text, state: 'complete' }))
    case 'ask':
      return expectOwn(await door.ask(id, { parts: text(step.text) }), asked => {
        session.messages.push({ id: asked.message.id, text: step.text, state: 'complete' }, { id: asked.reply.id, text: '', state: 'pending' })
      })
    case 'reply': {
      if (!target) return
      const opened = await door.openReply(id, target.id)
      if (!own) return expect(codeOf(opened)).toBe('not_found')
      if (target.state !== 'pending') return expect(codeOf(opened)).toBe('conflict')
      const writer = must(opened)
      writer.appendText(step.text)
      target.state = must(await writer.finish({ state: step.text.length % 2 ? 'complete' : 'failed' })).state
      target.text = step.text
      return
    }
    case 'title': return expectOwn(await door.setTitle(id, step.text), () => { session.title = step.text })
    case 'data': return expectOwn(await door.setData(id, { note: step.text }), () => { session.data = { note: step.text } })
    case 'edit': {
      if (!target) return
      const seen = await door.message(id, target.id)
      const edited = await door.edit(id, target.id, { parts: text(step.text), ifVersion: seen.isOk() ? seen.value.version : 1 })
      if (own && target.state === 'pending') return expect(codeOf(edited)).toBe('conflict')
      return expectOwn(edited, () => { target.text = step.text })
    }
    case 'delete': return expectOwn(await door.delete(id), () => model.delete(id))
    default: return compare(door, id, session, own)
  }
}

const compare = async (door: BotSessions, id: string, session: ModelSession, own: boolean): Promise<void> => {
  const [got, data, messages, one] = await Promise.all([
    door.get(id), door.getData(id), door.messages(id, { limit: 1000 }), door.message(id, session.messages[0]?.id ?? id),
  ])
  if (!own) {
    expect([got, data, messages, one].map(codeOf)).toEqual(Array(4).fill('not_found'))
    return
  }
  expect(must(got)).toMatchObject({ title: session.title, messageCount: session.messages.length })
  expect(must(data)).toEqual(session.data)
  expect(must(messages).items.map(m => ({ id: m.id, seq: m.seq, text: m.parts.map(p => p.text).join(''), state: m.state })))
    .toEqual(session.messages.map(({ id, text, state }, i) => ({ id, seq: i + 1, text, state })))
}
