import { encryptionFromEnvironment, openBackupVault } from '@hivekit/backup-rotation'
import { Decrypter, generateX25519Identity, identityToRecipient } from 'age-encryption'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { failure, value } from './outcome.ts'
import { scratchFolder, writeTree } from './scratch.ts'

test('an encrypted backup comes back with the key, not without it or with another, and holds no plain text', async () => {
  const folder = scratchFolder()
  const source = writeTree(join(folder, 'data'), { 'secret-name.txt': 'secret content', big: Buffer.alloc(2 << 20, 'abc') })
  const identity = await generateX25519Identity()
  const recipients = [await identityToRecipient(identity)]
  const open = (encryption?: Parameters<typeof openBackupVault>[0]['encryption']) =>
    openBackupVault({ store: join(folder, 'vault'), scratchFolder: folder, ...(encryption && { encryption }) })
  await using writer = open({ recipients })
  const { backup: { id, payload } } = value(await writer.create({ sources: [{ kind: 'folder', path: source }] }))
  expect(payload.encryption).toBe('age')
  for (const name of readdirSync(join(folder, 'vault/payloads'))) expect(readFileSync(join(folder, 'vault/payloads', name)).includes('secret')).toBe(false)
  expect(failure(await writer.verify()).code).toBe('forbidden')
  expect(failure(await open().restore({ id, into: join(folder, 'a') })).code).toBe('forbidden')
  expect(failure(await open({ identities: [await generateX25519Identity()] }).restore({ id, into: join(folder, 'b') })).code).toBe('forbidden')

  let asked = 0
  await using reader = open(async () => {
    asked++
    return { recipients, identities: [identity] }
  })
  for (const depth of ['deep', 'drill', { part: 1, of: 2 }] as const) expect(value(await reader.verify({ depth })).sound).toBe(true)
  value(await reader.restore({ id, into: join(folder, 'out') }))
  expect(readFileSync(join(folder, 'out/data/secret-name.txt'), 'utf8')).toBe('secret content')
  expect(value(await reader.create({ sources: [{ kind: 'folder', path: source }] })).unchanged).toBe(true)
  expect(asked).toBe(1)
  // Any tool that reads the age format opens it.
  const decrypter = new Decrypter()
  decrypter.addIdentity(identity)
  const plain = await decrypter.decrypt(readFileSync(join(folder, 'vault', payload.key)))
  expect(Buffer.from(plain).readUInt32LE(0)).toBe(0xfd2fb528)
})

test('keys come from the environment', () => {
  expect(encryptionFromEnvironment({})).toBeUndefined()
  expect(encryptionFromEnvironment({ HIVE_BACKUP_RECIPIENTS: 'age1a, age1b', HIVE_BACKUP_IDENTITIES: 'X' })).toEqual({ recipients: ['age1a', 'age1b'], identities: ['X'] })
  expect(encryptionFromEnvironment({ HIVE_BACKUP_PASSPHRASE: 'four random words' })).toEqual({ passphrase: 'four random words' })
})
