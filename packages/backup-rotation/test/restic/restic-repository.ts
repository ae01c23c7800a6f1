import { execFileSync } from 'node:child_process'
import { createCipheriv, createHash, randomBytes, scryptSync } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { poly1305Aes } from './poly1305.ts'

/** A snapshot as restic's repository format has it. */
export interface ResticSnapshot {
  readonly time: string
  readonly hostname: string
  readonly paths: readonly string[]
  readonly tags?: readonly string[]
}

/** What `restic forget --json` says of one set of snapshots. */
export interface ResticGroup {
  readonly host: string
  readonly keep: readonly { readonly id: string }[] | null
  readonly remove: readonly { readonly id: string }[] | null
  readonly reasons: readonly { readonly matches: readonly string[] }[] | null
}

/** The version of the restic on PATH, like `[0, 14]`, or undefined when there is none. */
export const resticVersion = (): readonly [number, number] | undefined => {
  try {
    const [, major, minor] = /restic (\d+)\.(\d+)/.exec(execFileSync('restic', ['version'], { encoding: 'utf8' }))!
    return [Number(major), Number(minor)]
  } catch {
    return undefined
  }
}

/**
 * Writes a repository of thousands of snapshots directly (repository format 1, https://restic.readthedocs.io/en/stable/100_references.html)
 * with a cheap key, so that the real restic can be asked about each policy in a tenth of a second.
 */
export const openResticRepository = (snapshots: readonly ResticSnapshot[]) => {
  const folder = mkdtempSync(join(tmpdir(), 'hivekit-restic-'))
  for (const name of ['data', 'index', 'keys', 'locks', 'snapshots']) mkdirSync(join(folder, name))
  const seal = (plain: string, key: Buffer): Buffer => {
    const iv = randomBytes(16)
    const encrypted = createCipheriv('aes-256-ctr', key.subarray(0, 32), iv).update(plain)
    return Buffer.concat([iv, encrypted, poly1305Aes(encrypted, iv, key.subarray(32, 48), key.subarray(48, 64))])
  }
  const put = (kind: string, content: Buffer): string => {
    const id = createHash('sha256').update(content).digest('hex')
    writeFileSync(join(folder, kind, id), content)
    return id
  }
  const master = randomBytes(64)
  const salt = randomBytes(64)
  const scrypt = { N: 2, r: 8, p: 1 }
  const user = scryptSync('password', salt, 64, scrypt)
  const keys = {
    mac: { k: master.subarray(32, 48).toString('base64'), r: master.subarray(48, 64).toString('base64') },
    encrypt: master.subarray(0, 32).toString('base64'),
  }
  put('keys', Buffer.from(JSON.stringify({
    created: new Date().toISOString(), username: 'test', hostname: 'test', kdf: 'scrypt', ...scrypt,
    salt: salt.toString('base64'), data: seal(JSON.stringify(keys), user).toString('base64'),
  })))
  writeFileSync(join(folder, 'config'),
    seal(JSON.stringify({ version: 1, id: randomBytes(32).toString('hex'), chunker_polynomial: '3DA3358B4DC173' }), master))
  const ids = snapshots.map(snapshot => put('snapshots', seal(JSON.stringify({ ...snapshot, tree: '0'.repeat(64) }), master)))

  return {
    /** The snapshots' ids, in the order they were given. */
    ids,
    /** Runs `restic forget --dry-run` with the policy's flags. */
    forget: (...flags: readonly string[]): readonly ResticGroup[] =>
      JSON.parse(execFileSync('restic', ['-r', folder, '--no-cache', '--no-lock', 'forget', '--dry-run', '--json', ...flags], {
        encoding: 'utf8', maxBuffer: 1 << 28, env: { ...process.env, RESTIC_PASSWORD: 'password', TZ: 'UTC' },
      })) as readonly ResticGroup[],
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}
