import { backupIdPattern } from './backup-manifest.ts'

/** Names of things within a store. */
export const vaultKeys = {
  manifest: (id: string) => `backups/${id}.json`,
  trash: (id: string) => `trash/${id}.json`,
  archive: (id: string, part: string) => `payloads/${id}${part}.tar.zst`,
  index: (id: string, part: string) => `payloads/${id}${part}.index.zst`,
  journal: (fence: number) => `journal/${String(fence).padStart(12, '0')}.json`,
  catalog: 'catalog.json',
} as const

/** Reads the id out of the key of a manifest or of a trash record; undefined for a key of another kind. */
export const idOfKey = (key: string, folder: 'backups' | 'trash'): string | undefined => {
  const [, id] = /^[a-z]+\/([^/]+)\.json$/.exec(key) ?? []
  return key.startsWith(`${folder}/`) && id !== undefined && backupIdPattern.test(id) ? id : undefined
}

/** Reads the id of the backup that made a payload; undefined for a key that is not one of ours. */
export const idOfPayload = (key: string): string | undefined =>
  /^payloads\/(\d{8}-\d{9}-[0-9a-f]{6})(?:-l\d+-[0-9a-f]{6})?\.(?:tar|index)\.zst(?:\.age)?$/.exec(key)?.[1]
