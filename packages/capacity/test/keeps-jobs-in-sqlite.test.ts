import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openJobStore } from '@hivekit/capacity'
import { expect, it } from 'vitest'
import { jobStoreContract } from './job-store-contract.ts'

jobStoreContract('SQLite', () => {
  const folder = mkdtempSync(join(tmpdir(), 'capacity-'))
  return {
    open: options => openJobStore({ file: join(folder, 'jobs.db'), ...options }),
    remove: () => rmSync(folder, { recursive: true }),
  }
})

it('is opened by one process at a time, and says so', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'capacity-'))
  const file = join(folder, 'jobs.db')
  const store = openJobStore({ file })
  expect(() => openJobStore({ file })).toThrow(expect.objectContaining({ code: 'conflict' }))
  await store[Symbol.asyncDispose]()
  await openJobStore({ file })[Symbol.asyncDispose]()
  writeFileSync(join(folder, 'not.db'), 'This is no database at all.'.repeat(100))
  expect(() => openJobStore({ file: join(folder, 'not.db') })).toThrow(expect.objectContaining({ code: 'data_corrupt' }))
  rmSync(folder, { recursive: true })
})
