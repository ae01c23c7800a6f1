import { globSync } from 'node:fs'
import { defineConfig } from 'tsup'

/** One build for every package: each entry is a subpath export. Declarations come from `tsc` (see docs/adr). */
export default defineConfig({
  entry: ['src/index.ts', ...globSync('src/engines/*.ts'), ...globSync('src/workers/*.ts'), ...globSync('src/cli.ts')],
  format: 'esm',
  target: 'node22.13',
  platform: 'node',
  splitting: true,
  sourcemap: true,
  clean: true,
  dts: false,
  // Without its prefix `node:sqlite` is no module at all.
  removeNodeProtocol: false,
})
