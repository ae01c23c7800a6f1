import { errorCodes, fromProblemDetails, HiveError, isHiveError, toProblemDetails, type ErrorCode, type ErrorKind } from '@hivekit/errors'
import fc from 'fast-check'
import { expect, test } from 'vitest'

const kinds: ErrorKind[] = ['transient', 'throttled', 'permanent', 'ambiguous', 'bug']

test('an error crosses a process border as a problem document and comes back the same', () => {
  const codes = Object.keys(errorCodes) as ErrorCode[]
  fc.assert(
    fc.property(
      fc.constantFrom(...codes), fc.string(), fc.constantFrom(...kinds), fc.option(fc.nat(), { nil: undefined }),
      fc.dictionary(fc.string().filter(key => key !== '__proto__'), fc.jsonValue().filter(v => !Object.is(v, -0))),
      (code, message, kind, retryAfterMs, details) => {
        const error = new HiveError(code, message, { kind, details, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) })
        const back = fromProblemDetails(JSON.parse(JSON.stringify(toProblemDetails(error))))
        const facts = ({ code, message, kind, retryAfterMs, details }: HiveError) => ({ code, message, kind, retryAfterMs, details })
        expect(facts(back)).toEqual(JSON.parse(JSON.stringify(facts(error)), (_, v) => v))
      },
    ),
  )
})

test('a problem document never carries the stack or the cause', () => {
  const error = new HiveError('internal', 'Broken.', { cause: new Error('secret') })
  expect(JSON.stringify(toProblemDetails(error))).not.toMatch(/secret|at .*\.ts/)
})

test('a document from elsewhere becomes the code its status is nearest to', () => {
  expect(fromProblemDetails({ title: 'No such thing', status: 404 })).toMatchObject({ code: 'not_found', message: 'No such thing' })
  expect(fromProblemDetails({ status: 418 }).code).toBe('invalid_argument')
  for (const odd of [null, undefined, 3, 'x', [], { status: 'x' }]) expect(fromProblemDetails(odd).code).toBe('internal')
})

test('an error made by another copy of the module is recognised, and nothing else is', () => {
  const foreign = Object.assign(new Error('x'), { code: 'timeout' })
  foreign.name = 'HiveError'
  expect(isHiveError(foreign)).toBe(true)
  expect(isHiveError(Object.assign(new Error('x'), { code: 'ENOENT' }))).toBe(false)
  expect(isHiveError(null)).toBe(false)
})
