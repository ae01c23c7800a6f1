import { planRotation, type RotationCandidate, type RotationPolicy } from '@hivekit/backup-rotation'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { backupSet, resticPolicy } from './random-backups.ts'
import { openResticRepository, resticVersion, type ResticSnapshot } from './restic/restic-repository.ts'

const soak = Number(process.env.HIVEKIT_SOAK ?? 1)
const version = resticVersion()
if (!version) process.stderr.write('No restic on PATH: the comparison with it is left out.\n')
if (!version && process.env.CI) throw new Error('CI must have restic.')

/** restic 0.16 brought `-1` and the rule of the oldest snapshot; 0.17 extended that rule to the `within` buckets. */
const minor = version ? version[0] * 1_000 + version[1] : 0
const knowsOldest = (rule: string): boolean => minor >= (rule.startsWith('within') ? 17 : 16)

const localTime = ({ createdAt, utcOffsetMinutes = 0 }: RotationCandidate): string => {
  const sign = utcOffsetMinutes < 0 ? '-' : '+'
  const minutes = Math.abs(utcOffsetMinutes)
  const two = (n: number): string => String(n).padStart(2, '0')
  const wall = new Date(createdAt + utcOffsetMinutes * 60_000).toISOString().slice(0, -1)
  return wall + sign + two(Math.floor(minutes / 60)) + ':' + two(minutes % 60)
}

const flagsOf = ({ tags = [], ...rules }: RotationPolicy): string[] => [
  ...Object.entries(rules).filter(([, value]) => value !== 0).flatMap(([rule, value]) => [
    `--keep-${rule.replace(/[A-Z]/, letter => `-${letter.toLowerCase()}`)}`, String(value),
  ]),
  ...tags.flatMap(list => ['--keep-tag', [list].flat().join(',')]),
]

test.runIf(version)('keeps exactly what the real restic keeps, and for the same reasons', () => {
  const now = Date.now()
  // One repository holds many sets, each a host of its own; restic is asked about all of them with each policy.
  const sets = fc.sample(backupSet(now), { numRuns: 120, seed: 20_260_101 })
  const snapshots = sets.flatMap((set, host) => set.map((backup): ResticSnapshot => ({
    time: localTime(backup), hostname: `host-${host}`, paths: ['/data'], ...(backup.tags?.length ? { tags: backup.tags } : {}),
  })))
  using repository = openResticRepository(snapshots)
  let at = 0
  const candidates = sets.flatMap((set, host) => set.map((backup): RotationCandidate => ({
    ...backup, id: repository.ids[at++]!, host: `host-${host}`, paths: ['/data'],
  })))

  fc.assert(
    fc.property(resticPolicy(minor >= 16), policy => {
      const kept = new Map<string, readonly string[]>()
      for (const { keep, reasons } of repository.forget('--group-by', 'host', ...flagsOf(policy))) {
        keep?.forEach(({ id }, index) => kept.set(id, reasons![index]!.matches))
      }
      const plan = planRotation(candidates, { ...policy, groupBy: ['host'] }, { now })
      const ours = new Map(plan.keep.flatMap(({ backup, reasons }) => {
        const shared = reasons.filter(reason => !reason.oldest || knowsOldest(reason.rule))
        return shared.length > 0 ? [[backup.id, shared.map(reason => (minor < 17 ? reason.text.replace(/^oldest /, '') : reason.text))]] : []
      }))
      expect(new Set(ours.keys())).toEqual(new Set(kept.keys()))
      const counted = (texts: readonly string[]): readonly string[] => texts.filter(text => !text.startsWith('has tags')).toSorted()
      for (const [id, matches] of kept) expect(counted(ours.get(id)!).map(lenient)).toEqual(counted(matches).map(lenient))
    }),
    { numRuns: Math.ceil(25 * soak) },
  )
})

/** restic writes a span back with its zero parts left out in some versions and in others not. */
const lenient = (text: string): string => text.replace(/\b0[ymdh]/g, '')
