import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder that is gone when its scope ends. */
export const temporaryFolder = (): { readonly file: (name: string) => string } & Disposable => {
  const folder = mkdtempSync(join(tmpdir(), 'hivekit-metrics-'))
  return { file: name => join(folder, name), [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) }
}
