import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { lifeOf, thisProcess } from './process-identity.ts'

const pattern = /^hivekit-(?:backup|drill)-(\d+)-(\d+)-(\d+)-/

/**
 * Runs a step with a folder of its own, gone afterwards. It bears its process's name, and those of processes that were killed
 * are cleared away first: they may hold a copy of a database.
 */
export const withScratch = async <T>(parent: string, purpose: 'backup' | 'drill', step: (folder: string) => Promise<T>): Promise<T> => {
  const self = thisProcess()
  const namespace = /\d+/.exec(self.pidNamespace)?.[0] ?? ''
  for (const name of await readdir(parent)) {
    const [, pid, startedAt, itsNamespace] = pattern.exec(name) ?? []
    if (startedAt === undefined || itsNamespace !== namespace) continue
    if (lifeOf({ ...self, pid: Number(pid), startedAt }) === 'dead') await rm(join(parent, name), { recursive: true, force: true })
  }
  const folder = await mkdtemp(join(parent, `hivekit-${purpose}-${self.pid}-${self.startedAt || 0}-${namespace || 0}-`))
  try {
    return await step(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
