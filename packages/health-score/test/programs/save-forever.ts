// Saves ever longer histories until it is killed, and says so after each.
import { createHistory, defineHealthModel, fileHistoryStore, piecewise, scoreHealth } from '@hivekit/health-score'

const [path, from] = process.argv.slice(2)
const curve = piecewise([[0, 1], [100, 0]])
const model = defineHealthModel({ signals: { a: { curve }, b: { curve } }, weights: { a: 1, b: 1 } })
const history = createHistory({ model, capacity: 5_000 })
const store = fileHistoryStore(path!)
for (let at = Number(from) + 1; ; at++) {
  history.push(scoreHealth([{ signal: 'a', value: at % 100, at }], model, { now: at }))
  if (at % 50 !== 0) continue
  const saved = await store.save(history.toBytes())
  if (saved.isErr()) throw saved.error
  process.send?.(at)
}
