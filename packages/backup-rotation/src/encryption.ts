import { HiveError, isHiveError } from '@hivekit/errors'

/** Keys of the age format (https://age-encryption.org/v1). What is encrypted can also be read by the `age` command. */
export interface EncryptionKeys {
  /** Public keys (`age1…`) that can decrypt what is written from now on. */
  readonly recipients?: readonly string[]
  /** Secret keys (`AGE-SECRET-KEY-1…`), to read. Without one, backups are made but not verified or restored. */
  readonly identities?: readonly string[]
  /** A passphrase, in place of keys: it both writes and reads. Deriving the key takes about a second each time. */
  readonly passphrase?: string
}

/** Keys, or a callback that fetches them when they are first needed. */
export type Encryption = EncryptionKeys | (() => EncryptionKeys | Promise<EncryptionKeys>)

/** Encrypts and decrypts streams with the vault's keys. */
export interface Cipher {
  readonly encrypt: (plain: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>
  readonly decrypt: (sealed: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>
}

/**
 * Reads keys from the environment: `HIVE_BACKUP_RECIPIENTS` and `HIVE_BACKUP_IDENTITIES` (separated by commas or blanks)
 * or `HIVE_BACKUP_PASSPHRASE`. Undefined when none is set.
 *
 * @example
 * ```ts
 * import { encryptionFromEnvironment } from '@hivekit/backup-rotation'
 *
 * encryptionFromEnvironment({ HIVE_BACKUP_PASSPHRASE: 'four random words' })?.passphrase // 'four random words'
 * ```
 */
export const encryptionFromEnvironment = (environment: Readonly<Record<string, string | undefined>> = process.env): EncryptionKeys | undefined => {
  const list = (name: string): string[] => (environment[name] ?? '').split(/[\s,]+/).filter(Boolean)
  const recipients = list('HIVE_BACKUP_RECIPIENTS')
  const identities = list('HIVE_BACKUP_IDENTITIES')
  const passphrase = environment.HIVE_BACKUP_PASSPHRASE
  if (passphrase) return { passphrase }
  return recipients.length + identities.length > 0 ? { recipients, identities } : undefined
}

/** Loaded only where something is encrypted: it is most of what this package would take to start. */
const age = () => import('age-encryption')

/** Makes a cipher of the keys, which are fetched once, when first needed. */
export const createCipher = (encryption: Encryption): Cipher => {
  let fetched: Promise<EncryptionKeys> | undefined
  const keys = (): Promise<EncryptionKeys> => (fetched ??= Promise.resolve(typeof encryption === 'function' ? encryption() : encryption))
  return {
    encrypt: async function* (plain) {
      const { recipients = [], passphrase } = await keys()
      const { Encrypter } = await age()
      const encrypter = new Encrypter()
      if (passphrase !== undefined) encrypter.setPassphrase(passphrase)
      else if (recipients.length > 0) recipients.forEach(recipient => encrypter.addRecipient(recipient))
      else throw new HiveError('forbidden', 'No recipient and no passphrase to encrypt backups for.')
      yield* await encrypter.encrypt(ReadableStream.from(plain))
    },
    decrypt: async function* (sealed) {
      const { identities = [], passphrase } = await keys()
      const { Decrypter } = await age()
      const decrypter = new Decrypter()
      if (passphrase !== undefined) decrypter.addPassphrase(passphrase)
      if (passphrase === undefined && identities.length === 0) throw new HiveError('forbidden', 'The backup is encrypted, and no identity or passphrase was given.')
      identities.forEach(identity => decrypter.addIdentity(identity))
      try {
        yield* await decrypter.decrypt(ReadableStream.from(sealed))
      } catch (thrown) {
        if (isHiveError(thrown)) throw thrown
        const wrongKey = thrown instanceof Error && /no identity matched|passphrase/i.test(thrown.message)
        throw wrongKey
          ? new HiveError('forbidden', 'The backup was encrypted for another key.', { cause: thrown })
          : new HiveError('data_corrupt', 'The encrypted backup was altered or cut short.', { cause: thrown })
      }
    },
  }
}
