import type { RotationCandidate } from './plan-rotation.ts'

/** Splits backups into the sets that are rotated each by itself, by name. */
export const groupBackups = <T extends RotationCandidate>(
  backups: readonly T[], by: readonly ('host' | 'paths' | 'tags')[],
): ReadonlyMap<string, readonly T[]> => {
  const list = (values: readonly string[] = []): string => (values.length < 2 ? (values[0] ?? '') : values.toSorted().join(', '))
  const nameOf = (backup: T): string => by.map(field => `${field} ${field === 'host' ? (backup.host ?? '') : list(backup[field])}`).join(', ')
  const groups = new Map<string, T[]>()
  let previous: T | undefined
  let group: T[] = []
  for (const backup of backups) {
    if (!Number.isFinite(backup.createdAt)) throw new RangeError(`Expected createdAt of "${backup.id}" in epoch milliseconds.`)
    // Neighbours of one set mostly look alike: naming the set again would cost more than all the rest.
    if (!previous || by.some(field => !alike(previous![field], backup[field]))) {
      const name = nameOf(backup)
      group = groups.get(name) ?? []
      groups.set(name, group)
    }
    previous = backup
    group.push(backup)
  }
  return groups
}

const alike = (a: string | readonly string[] | undefined, b: string | readonly string[] | undefined): boolean =>
  a === b || (Array.isArray(a) && Array.isArray(b) && a.length === 1 && b.length === 1 && a[0] === b[0])
