// A process to be killed: `submit` takes in numbered jobs as fast as it can and says so; `drain` only finishes what is there.
import { appendFileSync, writeSync } from 'node:fs'
import { createCapacity, openJobStore } from '@hivekit/capacity'

const [mode, folder, first] = process.argv.slice(2) as [string, string, string]
const store = openJobStore({ file: `${folder}/jobs.db` })
const capacity = createCapacity({
  limits: { slots: { kind: 'concurrency', max: 8 } },
  queue: {
    store,
    maxTasks: 20,
    handlers: {
      note: async (payload, { attempt }) => {
        await new Promise(resolve => setTimeout(resolve, Math.random() * 3))
        appendFileSync(`${folder}/done.log`, `${String(payload)} ${attempt}\n`)
      },
    },
  },
})
if (mode === 'submit') {
  for (let n = Number(first); ; n++) {
    const { admitted } = capacity.submit({ name: 'note', payload: n }, { key: `k${n % 3}`, priority: n % 2 })
    void admitted.then(result => result.isOk() && writeSync(1, `in ${n}\n`))
    if (n % 10 === 9) await new Promise(setImmediate)
    while (capacity.counts().queued > 2000) await new Promise(resolve => setTimeout(resolve, 1))
  }
}
// What was waiting is counted first; then all of it is done.
await new Promise(setImmediate)
await capacity.idle()
await capacity[Symbol.asyncDispose]()
await store[Symbol.asyncDispose]()
