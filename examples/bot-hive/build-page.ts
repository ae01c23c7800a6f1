import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/*
 * Builds the page into dist/web, unless what is there was built from these very sources.
 */

const here = dirname(fileURLToPath(import.meta.url))
const stamp = join(here, 'dist', 'web.built-from')

const filesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
    .toSorted()

/** A digest of everything that the built page depends on. */
const digest = () => {
  const hash = createHash('sha256')
  const settings = ['vite.config.ts', 'package.json', '../../pnpm-lock.yaml'].map(file => join(here, file))
  for (const file of [...filesIn(join(here, 'src', 'web')), ...settings]) hash.update(file).update(readFileSync(file))
  return hash.digest('hex')
}

const wanted = digest()
const page = join(here, 'dist', 'web')
const built = existsSync(stamp) && existsSync(join(page, 'index.html')) ? readFileSync(stamp, 'utf8') : ''
if (built !== wanted) {
  // Built aside and then put into place, so that whoever reads or builds it meanwhile sees a whole page.
  const fresh = `${page}.${process.pid}`
  const old = `${fresh}.old`
  process.env['NODE_ENV'] = 'production'
  const { build } = await import('vite')
  await build({ configFile: join(here, 'vite.config.ts'), build: { outDir: fresh } })
  if (existsSync(page)) renameSync(page, old)
  renameSync(fresh, page)
  writeFileSync(stamp, wanted)
  rmSync(old, { recursive: true, force: true })
}
