import {
  defineErrors, errorCodes, fromErrorJson, HiveError, isHiveError, match, redact, toErrorJson, toProblemDetails,
  type ErrorCode, type ErrorsOf, type MatchHandlers,
} from '@hivekit/errors'
import fc from 'fast-check'
import { describe, expect, expectTypeOf, test } from 'vitest'

const chatErrors = defineErrors('chat', {
  session_archived: { code: 'conflict', message: ({ id }: { id: string }) => `Session "${id}" is archived.` },
  too_many_sessions: { code: 'capacity_exceeded', message: 'No more sessions.', kind: 'permanent', stack: 'none' },
})
type ChatError = ErrorsOf<typeof chatErrors>

describe('defined errors', () => {
  test('are cases of a code, with a reason and typed details', () => {
    const error = chatErrors.session_archived({ id: 's1' }, { retryAfterMs: 5, cause: 'why' })
    expect(isHiveError(error)).toBe(true)
    expect(error).toMatchObject({
      code: 'conflict', kind: 'permanent', reason: 'chat.session_archived', message: 'Session "s1" is archived.', details: { id: 's1' }, retryAfterMs: 5, cause: 'why',
    })
    expectTypeOf(error.details.id).toEqualTypeOf<string>()
    expectTypeOf(error.code).toEqualTypeOf<'conflict'>()
    expect(chatErrors.too_many_sessions()).toMatchObject({ kind: 'permanent', details: {} })
    expect(chatErrors.too_many_sessions().stack).not.toContain('\n    at ')
    expectTypeOf(chatErrors.session_archived).parameter(0).toEqualTypeOf<{ id: string }>()
  })

  test('refuse a code or a name that is not one', () => {
    expect(() => defineErrors('chat', { x: { code: 'nope' as ErrorCode, message: '' } })).toThrow(/Expected the code of "x" to be one of .*got nope/)
    expect(() => defineErrors('chat', { notSnake: { code: 'internal', message: '' } })).toThrow('got "notSnake"')
    expect(() => defineErrors('Chat', {})).toThrow(TypeError)
  })
})

describe('match', () => {
  test('is exhaustive over reasons: one missing does not compile', () => {
    type Handlers = MatchHandlers<ChatError, string>
    expectTypeOf<{ 'chat.session_archived': () => string; 'chat.too_many_sessions': () => string }>().toExtend<Handlers>()
    expectTypeOf<{ 'chat.session_archived': () => string }>().not.toExtend<Handlers>()
    const say = (error: ChatError) =>
      match(error, { 'chat.session_archived': ({ details }) => details.id, 'chat.too_many_sessions': ({ code }) => code })
    expect(say(chatErrors.session_archived({ id: 's1' }))).toBe('s1')
    expect(say(chatErrors.too_many_sessions())).toBe('capacity_exceeded')
  })

  test('is exhaustive over codes where no reason is declared', () => {
    type Handlers = MatchHandlers<HiveError, number>
    expectTypeOf<keyof Handlers>().toEqualTypeOf<ErrorCode>()
    const all = Object.fromEntries(Object.keys(errorCodes).map(code => [code, (error: HiveError) => error.message])) as MatchHandlers<HiveError, string>
    for (const code of Object.keys(errorCodes) as ErrorCode[]) expect(match(new HiveError(code, `a ${code}`), all)).toBe(`a ${code}`)
  })

  test('takes the reason before the code, and what it does not know otherwise', () => {
    const error: HiveError = chatErrors.session_archived({ id: 's1' })
    expect(match(error, { conflict: () => 'by code' }, () => 'other')).toBe('by code')
    expect(match(error, { not_found: () => 'by code' }, ({ code }) => code)).toBe('conflict')
    expect(() => match(error, {} as MatchHandlers<HiveError, string>)).toThrow('Expected a handler for chat.session_archived; got none.')
  })
})

describe('stacks', () => {
  const at = (error: Error) => error.stack?.includes('\n    at ')

  test('are full unless told otherwise, and start with the name', () => {
    expect(at(new HiveError('timeout', 'x'))).toBe(true)
    expect(new HiveError('timeout', 'x').stack).toMatch(/^HiveError: x\n/)
    expect(at(new HiveError('timeout', 'x', { stack: 'none' }))).toBe(false)
    expect(at(new Error('x'))).toBe(true)
  })

  test('can be sampled: the first of a code and each 128th after it', () => {
    const stacks = Array.from({ length: 257 }, () => at(new HiveError('too_large', 'x', { stack: 'sampled' })))
    expect(stacks.flatMap((has, i) => (has ? [i] : []))).toEqual([0, 128, 256])
  })
})

describe('JSON', () => {
  const facts = ({ code, kind, message, reason, retryAfterMs, details }: HiveError) => ({ code, kind, message, reason, retryAfterMs, details })
  const plainKey = fc.string().filter(key => key !== '__proto__' && redact({ [key]: 1 }, { replacement: '' }) !== undefined)
  const errors = fc.record({
    code: fc.constantFrom(...(Object.keys(errorCodes) as ErrorCode[])),
    message: fc.string(),
    reason: fc.option(fc.string(), { nil: undefined }),
    retryAfterMs: fc.option(fc.nat(), { nil: undefined }),
    details: fc.dictionary(plainKey, fc.jsonValue().filter(value => !Object.is(value, -0))),
  }).map(({ code, message, reason, retryAfterMs, details }) =>
    new HiveError(code, message, { details, ...(reason === undefined ? {} : { reason }), ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }))

  test('there and back loses nothing that was asked for', () => {
    fc.assert(fc.property(errors, errors, (error, cause) => {
      const outer = new HiveError(error.code, error.message, { ...(error as object), cause })
      const back = fromErrorJson(JSON.parse(JSON.stringify(toErrorJson(outer, { stack: true, cause: true, secrets: true }))))
      expect(facts(back)).toEqual(JSON.parse(JSON.stringify(facts(outer))))
      expect(back.stack).toBe(outer.stack)
      expect(facts(back.cause as HiveError)).toEqual(JSON.parse(JSON.stringify(facts(cause))))
    }))
  })

  test('tells no stack, cause or secret unless asked', () => {
    const error = new HiveError('internal', 'No postgres://ada:hunter2@db/x', {
      cause: new Error('hidden', { cause: 'deeper' }), details: { token: 'hunter2', nested: [{ 'X-Api-Key': 'hunter2' }], tokens: 5 },
    })
    for (const text of [JSON.stringify(error), JSON.stringify(toErrorJson(error)), JSON.stringify(toProblemDetails(error))]) {
      expect(text).not.toMatch(/hunter2|hidden| at /)
      expect(text).toContain('"tokens":5')
    }
    expect(toErrorJson(error, { cause: true })).toMatchObject({ cause: { name: 'Error', message: 'hidden' } })
    expect(toErrorJson(error, { cause: true, stack: true })).toMatchObject({ stack: error.stack, cause: { stack: expect.stringContaining('hidden') } })
    expect(toErrorJson(error, { secrets: true })).toMatchObject({ details: { token: 'hunter2' } })
    expect(toProblemDetails(error, { secrets: true })).toMatchObject({ detail: error.message, details: { token: 'hunter2' } })
  })

  test('ends a chain of causes, and reads anything', () => {
    let chain = new HiveError('internal', 'end')
    for (let i = 0; i < 20; i++) chain = new HiveError('internal', 'link', { cause: chain })
    const depth = (json: object): number => ('cause' in json ? 1 + depth(json.cause as object) : 0)
    expect(depth(toErrorJson(chain, { cause: true }))).toBe(8)
    const back = fromErrorJson({ code: 'timeout', message: 'x', cause: { name: 'TypeError', message: 'y', stack: 'TypeError: y' } })
    expect(back.cause).toMatchObject({ name: 'TypeError', message: 'y', stack: 'TypeError: y' })
    for (const odd of [null, 3, 'x', [], { code: 'nope' }]) expect(fromErrorJson(odd).code).toBe('internal')
    expect(toErrorJson(new HiveError('internal', 'x', { cause: Object.create(null) }), { cause: true }).cause).toMatchObject({ message: '[unreadable]' })
  })
})

describe('redact', () => {
  test('replaces secrets at any depth, and leaves the value alone', () => {
    const value = { password: 'p', db_Password: 'p', user: 'ada', list: [{ 'Set-Cookie': ['a'] }], map: new Map([['apiKey', 'k'], ['n', 'x']]), none: { secret: null } }
    const before = structuredClone(value)
    expect(redact(value)).toEqual({
      password: '[redacted]', db_Password: '[redacted]', user: 'ada', list: [{ 'Set-Cookie': '[redacted]' }], map: { apiKey: '[redacted]', n: 'x' }, none: { secret: null },
    })
    expect(value).toEqual(before)
    expect(redact({ pin: 1, 'Pin-Code': 2, pinned: 3 }, { keys: ['pin', 'PIN_CODE'], replacement: '*' })).toEqual({ pin: '*', 'Pin-Code': '*', pinned: 3 })
  })

  test('masks passwords inside URLs and nothing else in text', () => {
    expect(redact('see redis://:pw@h:6379/0 and https://u:p%40w@h/x?a=b:c@d')).toBe('see redis://:[redacted]@h:6379/0 and https://u:[redacted]@h/x?a=b:c@d')
    expect(redact('https://example.com/a:b@c at 12:30')).toBe('https://example.com/a:b@c at 12:30')
    expect(redact(new URL('http://u:p@h/'))).toBe('http://u:[redacted]@h/')
    expect(redact('http://u:p@h', { replacement: '$1' })).toBe('http://u:$1@h')
  })

  test('copies what JSON cannot write', () => {
    const circular: Record<string, unknown> = { n: 10n, f: () => 1, at: new Date(0), bad: new Date(Number.NaN), bytes: new Uint8Array(3), set: new Set([1]), error: new RangeError('r') }
    circular.self = circular
    circular.twice = [circular.set, circular.set]
    Object.defineProperty(circular, 'broken', { enumerable: true, configurable: true, get() { throw new Error('no') } })
    expect(redact({ circular })).toEqual({ circular: '[unreadable]' })
    delete circular.broken
    expect(redact(circular)).toEqual({
      n: '10', f: undefined, at: '1970-01-01T00:00:00.000Z', bad: null, bytes: '[3 bytes]', set: [1], error: { name: 'RangeError', message: 'r' }, self: '[circular]', twice: [[1], [1]],
    })
    expect(redact({ a: { b: { c: 1 } } }, { maxDepth: 2 })).toEqual({ a: { b: '[redacted]' } })
    fc.assert(fc.property(fc.anything({ withBigInt: true }), value => { JSON.stringify(redact(value)) }))
  })
})
