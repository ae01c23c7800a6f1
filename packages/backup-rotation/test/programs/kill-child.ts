/** Runs one operation on a vault in a folder and kills itself at the n-th step: `kill-child.ts <folder> <operation> <n>`. */
import { openBackupVault, openFolderStore } from '@hivekit/backup-rotation'
import { join } from 'node:path'

const [folder, operation, at] = process.argv.slice(2) as [string, string, string]
let steps = 0
const step = (): void => {
  if (++steps === Number(at)) process.kill(process.pid, 'SIGKILL')
}
const store = openFolderStore({ path: join(folder, 'vault'), onStep: step })
const later = operation === 'purge' ? 60 * 86_400_000 : operation === 'tier' ? 40 * 86_400_000 : 0
await using vault = openBackupVault({ store, host: 'test', scratchFolder: folder, maxRemoveFraction: 1, clock: () => Date.now() + later })
const source = { kind: 'folder' as const, path: join(folder, 'data') }
const id = async (): Promise<string> => (await vault.list()).unwrapOr([])[0]!.id
const operations: Record<string, () => Promise<unknown>> = {
  create: () => vault.create({ sources: [source], force: true }),
  tier: () => vault.recompress(),
  rotate: () => vault.rotate({ policy: { last: 1 } }),
  purge: () => vault.rotate({ policy: { last: 1 } }),
  restore: async () => await vault.restore({ id: await id(), into: join(folder, 'out'), onProgress: step }),
}
const result = await operations[operation]!() as { isErr(): boolean; error?: unknown }
if (result.isErr()) throw result.error
process.stdout.write(`done ${steps}`)
