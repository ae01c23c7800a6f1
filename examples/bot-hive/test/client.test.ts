import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { clientTypes, clientTypesFile } from '../generate-client.ts'
import { createHiveClient } from '../src/client/client.ts'
import { dataOf } from '../src/client/data-of.ts'
import { startHive } from './start-hive.ts'

test("the client's types are those of the routes", async () => {
  expect(readFileSync(clientTypesFile, 'utf8'), 'run `node --conditions=@hivekit/source generate-client.ts`').toBe(await clientTypes())
})

test('the client reads what the hive answers, and its problems become errors', async () => {
  await using hive = await startHive({ env: { HIVE_TOKEN: 'secret' } })
  const client = createHiveClient({ url: hive.url, token: 'secret' })
  expect(dataOf(await client.GET('/api/bots')).items.map(({ id }) => id)).toContain('keeper')
  const unknown = await client.GET('/api/bots/{botId}', { params: { path: { botId: 'nobody' } } })
  expect(() => dataOf(unknown)).toThrow(expect.objectContaining({ name: 'HiveError', code: 'not_found' }))
})
