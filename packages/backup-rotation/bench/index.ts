import { openBackupVault, planRotation } from '@hivekit/backup-rotation'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createWriteStream, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createZstdCompress } from 'node:zlib'
import { create } from 'tar'
import type { BenchRow } from '../../../scripts/bench.ts'

const say = (text: string): void => void process.stderr.write(`${text}\n`)
const megabytes = Number(process.env.HIVEKIT_BENCH_MB ?? 1_024)

/** Text and noise from a fixed seed: a fifth small files of words, the rest four big ones, half words, half noise. */
const makeSource = (root: string): void => {
  let state = createHash('sha512').update('seed').digest()
  const noise = (bytes: number): Buffer => {
    const parts: Buffer[] = []
    for (let have = 0; have < bytes; have += 64) parts.push((state = createHash('sha512').update(state).digest()))
    return Buffer.concat(parts, bytes)
  }
  const words = Array.from({ length: 4_000 }, (_, n) => noise(2 + (n % 5)).toString('hex'))
  const text = (bytes: number, seed: number): Buffer => {
    let line = ''
    for (let n = seed; line.length < bytes; n = (n * 48_271 + 11) % 2_147_483_647) line += `${words[n % (1 + ((n >> 7) % 4_000))]} `
    return Buffer.from(line.slice(0, bytes))
  }
  const small = (megabytes / 5) * 1_048_576 / 10_000
  for (let n = 0; n < 10_000; n++) {
    const folder = join(root, `folder-${n % 100}`)
    if (n < 100) mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, `file-${n}.txt`), text(Math.round(small / 2 + (small * (n % 100)) / 100), n + 1))
  }
  const block = Buffer.concat([text(1 << 19, 7), noise(1 << 19)])
  for (let file = 0; file < 4; file++) {
    const blocks = Array.from({ length: Math.round(megabytes / 5) }, (_, n) => {
      const copy = Buffer.from(block)
      noise(1 << 12).copy(copy, (n * 4_096) % (1 << 19))
      for (let at = 1 << 19; at < 1 << 20; at += 4) copy.writeUInt32LE((copy.readUInt32LE(at) ^ Math.imul(n + 1, 2_654_435_761) ^ Math.imul(at + file, 40_503)) >>> 0, at)
      return copy
    })
    writeFileSync(join(root, `big-${file}.bin`), Buffer.concat(blocks))
  }
}

/** CPU seconds of this process, its threads included, or of the children it waited for. */
const cpuOf = async (work: () => Promise<unknown>): Promise<{ cpu: number; wall: number }> => {
  const cpu = process.cpuUsage()
  const began = performance.now()
  await work()
  const { user, system } = process.cpuUsage(cpu)
  return { cpu: (user + system) / 1e6, wall: (performance.now() - began) / 1e3 }
}

const timed = (command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): { cpu: number; wall: number } => {
  const run = spawnSync('bash', ['-c', 'TIMEFORMAT="%R %U %S"; time "$0" "$@" >/dev/null 2>/dev/null', command, ...args], { encoding: 'utf8', env: { ...process.env, ...env } })
  if (run.status !== 0) throw new Error(`${command} ${args.join(' ')} failed with ${run.status}: ${run.stderr}`)
  const [wall = 0, user = 0, system = 0] = run.stderr.trim().split('\n').at(-1)!.split(' ').map(Number)
  return { wall, cpu: user + system }
}

const row = (name: string, unit: string, ours: number, peer: number | null): BenchRow => {
  const round = (value: number): number => Number(value.toPrecision(3))
  return { case: name, ours: round(ours), peer: peer === null ? null : round(peer), unit, ratio: peer === null ? null : round(ours / peer) }
}

/** Measures the package against tar 7, restic and borg in one run, interleaved. CPU seconds are what a busy machine measures truly; wall is given too. */
export default async (): Promise<BenchRow[]> => {
  const root = mkdtempSync(join(tmpdir(), 'hivekit-backup-bench-'))
  const has = (command: string): boolean => spawnSync('bash', ['-c', `command -v ${command}`]).status === 0
  const rows: BenchRow[] = []
  try {
    const source = join(root, 'source')
    say(`writing ${megabytes} MiB`)
    mkdirSync(source)
    makeSource(source)
    const vault = openBackupVault({ store: join(root, 'vault'), scratchFolder: root })
    const sources = [{ kind: 'folder' as const, path: source }]
    const must = async (step: Promise<{ isErr(): boolean }>): Promise<void> => {
      const result = await step
      if (result.isErr()) throw new Error(JSON.stringify(result))
    }

    say('packing: ours, tar 7, restic, borg')
    const ours = await cpuOf(() => must(vault.create({ sources })))
    const tar = await cpuOf(() => pipeline(create({ cwd: root }, ['source']), createZstdCompress(), createWriteStream(join(root, 'peer.tar.zst'))))
    rmSync(join(root, 'peer.tar.zst'))
    rows.push(row(`pack ${megabytes} MiB, CPU, against tar 7 + zstd`, 's', ours.cpu, tar.cpu), row(`pack ${megabytes} MiB, wall, against tar 7 + zstd`, 's', ours.wall, tar.wall))
    const restic = { RESTIC_PASSWORD: 'bench', RESTIC_REPOSITORY: join(root, 'restic') }
    const borg = { BORG_REPO: join(root, 'borg'), BORG_BASE_DIR: root, BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: 'yes' }
    const withRestic = has('restic')
    if (withRestic) {
      timed('restic', ['--no-cache', 'init'], restic)
      const first = timed('restic', ['--no-cache', 'backup', source], restic)
      rows.push(row(`pack ${megabytes} MiB, CPU, against restic's first backup`, 's', ours.cpu, first.cpu), row(`pack ${megabytes} MiB, wall, against restic's first backup`, 's', ours.wall, first.wall))
    }
    if (has('borg')) {
      timed('borg', ['init', '--encryption=none'], borg)
      const first = timed('borg', ['create', '--compression', 'zstd,3', '::one', source], borg)
      rows.push(row(`pack ${megabytes} MiB, CPU, against borg's first backup`, 's', ours.cpu, first.cpu))
      rmSync(join(root, 'borg'), { recursive: true })
    }

    say('unchanged, quick, deep: ours through the command, as the peers are')
    const command = ['--conditions=@hivekit/source', join(import.meta.dirname, '../src/cli.ts')]
    const own = (...args: string[]) => timed(process.execPath, [...command, ...args, '--vault', join(root, 'vault'), '--json'])
    const best = (runs: readonly { cpu: number; wall: number }[]): { cpu: number; wall: number } => ({ cpu: Math.min(...runs.map(run => run.cpu)), wall: Math.min(...runs.map(run => run.wall)) })
    const versus = (name: string, times: number, mine: () => { cpu: number; wall: number }, theirs: () => { cpu: number; wall: number }): void => {
      const a: { cpu: number; wall: number }[] = []
      const b: { cpu: number; wall: number }[] = []
      for (let n = 0; n < times; n++) {
        a.push(mine())
        if (withRestic) b.push(theirs())
      }
      rows.push(row(`${name}, CPU`, 's', best(a).cpu, withRestic ? best(b).cpu : null), row(`${name}, wall`, 's', best(a).wall, withRestic ? best(b).wall : null))
    }
    versus('unchanged source again, against restic', 2, () => own('create', source), () => timed('restic', ['--no-cache', 'backup', source], restic))
    const check = timed.bind(undefined, 'restic', ['--no-cache', 'check', '--read-data'], restic)
    versus('quick verify, against restic check --read-data', 1, () => own('verify', '--depth', 'quick'), check)
    versus('deep verify, against restic check --read-data', 1, () => own('verify', '--depth', 'deep'), check)

    const measure = `const { openBackupVault } = await import('@hivekit/backup-rotation'); const vault = openBackupVault({ store: process.argv[1] });`
      + `const r = process.argv[3] === 'deep' ? await vault.verify() : await vault.create({ sources: [{ kind: 'folder', path: process.argv[2] }], force: true });`
      + `if (r.isErr()) throw r.error; console.log(process.resourceUsage().maxRSS / 1024)`
    for (const what of ['create', 'deep']) {
      const run = spawnSync(process.execPath, ['--conditions=@hivekit/source', '--input-type=module', '-e', measure, join(root, 'vault'), source, what], { encoding: 'utf8', cwd: import.meta.dirname })
      rows.push(row(`peak memory of ${what === 'create' ? 'packing' : 'deep verification'}`, 'MB', Number(run.stdout), null))
    }
  } finally {
    rmSync(root, { recursive: true, force: true })
  }

  const policy = { last: 10, hourly: 24, daily: 7, weekly: 5, monthly: 12, yearly: 10, within: '30d' }
  const backups = Array.from({ length: 100_000 }, (_, n) => ({ id: `b${n}`, createdAt: n * 3_600_000, host: 'h', paths: ['/srv'] }))
  const shuffled = backups.toSorted((a, b) => ((a.createdAt * 7_919) % 100_003) - ((b.createdAt * 7_919) % 100_003))
  for (const [name, list] of [['in the order of time', backups], ['shuffled', shuffled]] as const) {
    const runs: number[] = []
    for (let n = 0; n < 7; n++) runs.push((await cpuOf(async () => planRotation(list, policy, { now: 100_000 * 3_600_000 }))).cpu * 1e3)
    rows.push(row(`plan 100,000 backups, ${name}`, 'ms', Math.min(...runs), null))
  }
  return rows
}
