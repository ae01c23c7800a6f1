import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hrefOf, readPlace } from '../src/web/app/place.ts'

test('an address leads back to the place it was made of', () => {
  const id = fc.string({ minLength: 1 }).filter(text => text !== 'new' && text.isWellFormed())
  const place = fc.oneof(
    fc.constant({}), fc.record({ botId: id }), fc.record({ botId: id, sessionId: id }), fc.record({ botId: id, fresh: fc.constant(true) }),
  )
  fc.assert(fc.property(place, where => {
    expect(readPlace(hrefOf(where))).toEqual(where)
  }))
})

test.each(['', '#', '#/', '#/nothing', '#/bots', '#/bots/', '#/settings/x/y'])('%j is no bot', hash => {
  expect(readPlace(hash)).toEqual({})
})

test('a damaged address is a place all the same', () => {
  expect(readPlace('#/bots/%E0%A4%A/sessions/%')).toEqual({ botId: '%E0%A4%A', sessionId: '%' })
})
