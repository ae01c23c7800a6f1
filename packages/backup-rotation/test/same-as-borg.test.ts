import { parseCalendarDuration, planRotation } from '@hivekit/backup-rotation'
import fc from 'fast-check'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { backupSet, borgPolicy } from './random-backups.ts'

const soak = Number(process.env.HIVEKIT_SOAK ?? 1)
const hasBorg = spawnSync('borg', ['--version'], { encoding: 'utf8' }).stdout?.startsWith('borg 1.') ?? false
const hasModule = spawnSync('/usr/bin/python3', ['-c', 'import borg.helpers']).status === 0
if (!hasBorg || !hasModule) process.stderr.write('No borg 1.x with its Python modules: the comparison with it is left out.\n')
if (!(hasBorg && hasModule) && process.env.CI) throw new Error('CI must have borg.')

const now = Date.UTC(2026, 10, 24, 12)
const zones = ['UTC', 'Europe/Paris', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'America/Sao_Paulo']

test.runIf(hasModule)('keeps exactly what borg 1.x keeps, by the same rule, in any time zone', () => {
  const cases = fc.sample(fc.tuple(backupSet(now), borgPolicy, fc.constantFrom(...zones)), { numRuns: Math.ceil(3_000 * soak) })
  const input = cases.map(([set, { last, within, ...rules }, zone]) => {
    const { years, months, days, hours } = parseCalendarDuration(within ?? '0h')
    return { now, zone, rules: { ...rules, secondly: last }, withinHours: ((years * 365 + months * 31 + days) * 24) + hours, archives: set.map(b => b.createdAt) }
  })
  const script = join(import.meta.dirname, 'same-as-borg.py')
  const answers = JSON.parse(execFileSync('/usr/bin/python3', [script], {
    input: JSON.stringify(input), encoding: 'utf8', maxBuffer: 1 << 28,
  })) as Record<string, string>[]
  cases.forEach(([set, policy, timeZone], index) => {
    const plan = planRotation(set, policy, { now, timeZone, semantics: 'borg' })
    const ours = Object.fromEntries(plan.keep.map(({ backup, reasons }) => [backup.id.slice(1), reasons[0]!.text]))
    expect({ ours, case: input[index] }).toEqual({ ours: answers[index], case: input[index] })
  })
})

test.runIf(hasBorg)('agrees with `borg prune --dry-run` on a real repository', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hivekit-borg-'))
  try {
    const env = { ...process.env, BORG_BASE_DIR: folder, BORG_REPO: join(folder, 'repo'), BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: 'yes', TZ: 'UTC' }
    const borg = (...args: string[]): string => {
      const run = spawnSync('borg', args, { env, encoding: 'utf8', cwd: folder })
      if (run.status !== 0) throw new Error(run.stderr)
      return run.stdout + run.stderr
    }
    writeFileSync(join(folder, 'file'), 'content')
    borg('init', '--encryption=none')
    const set = [0, 1, 5, 26, 50, 200].map(hours => ({ id: `b${hours}`, createdAt: Date.UTC(2026, 9, 1, 12) - hours * 3_600_000 }))
    for (const { id, createdAt } of set) borg('create', '--timestamp', new Date(createdAt).toISOString().slice(0, 19), `::${id}`, 'file')
    const said = borg('prune', '--dry-run', '--list', '--keep-daily', '3', '--keep-weekly', '2')
    const pruned = [...said.matchAll(/Would prune:\s+(b\d+)/g)].map(([, id]) => id)
    expect(planRotation(set, { daily: 3, weekly: 2 }, { now, semantics: 'borg' }).remove.map(b => b.id).toSorted()).toEqual(pruned.toSorted())
    expect(pruned).toHaveLength(2)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
