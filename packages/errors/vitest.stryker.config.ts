import { defineConfig } from 'vitest/config'

/** For mutation testing only: the tests that speak of classification and of the breaker. */
export default defineConfig({
  resolve: { conditions: ['@hivekit/source'] },
  ssr: { resolve: { conditions: ['@hivekit/source', 'node', 'import', 'default'] } },
  test: { include: ['test/classification*.test.ts', 'test/breaker.test.ts'], pool: 'threads' },
})
