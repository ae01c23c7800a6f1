import { readdirSync } from 'node:fs'
import { defineConfig } from 'vitest/config'

const project = (root: string, name: string) => ({
  extends: true as const,
  test: { name, root, include: ['test/**/*.test.ts'] },
})

/** One project a package, one for the example, one for the workspace itself. */
export default defineConfig({
  ssr: { resolve: { conditions: ['@hivekit/source', 'node', 'import', 'default'] } },
  test: {
    pool: 'forks',
    // Most tests wait for processes they started: two at a time keep two cores busy.
    maxWorkers: 2,
    testTimeout: 20_000,
    expect: { poll: { timeout: 10_000 } },
    hookTimeout: 60_000,
    execArgv: ['--conditions=@hivekit/source'],
    projects: [
      ...readdirSync('packages').map(name => project(`packages/${name}`, name)),
      project('examples/bot-hive', 'bot-hive'),
      project('scripts', 'workspace'),
    ],
  },
})
