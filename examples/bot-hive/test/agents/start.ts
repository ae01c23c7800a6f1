// Gets no further than its start: `exit CODE`, `silent`, `old`, `slow MS`, `flaky FILE`.
import { appendFileSync, readFileSync } from 'node:fs'
import { serve } from './wire.ts'

const [how, argument = ''] = process.argv.slice(2)
const ordinary = () => serve({
  prompt: (_, __, end) => end(),
  initialize: () => ({ protocolVersion: how === 'old' ? 99 : 1, agentCapabilities: {} }),
})

if (how === 'exit') {
  process.stderr.write('cannot find my settings\n')
  process.exit(Number(argument))
} else if (how === 'silent') {
  process.stdin.resume().on('end', () => process.exit(0))
} else if (how === 'flaky') {
  appendFileSync(argument, 'x')
  if (readFileSync(argument, 'utf8').length < 3) process.exit(1)
  ordinary()
} else if (how === 'slow') {
  setTimeout(ordinary, Number(argument))
} else {
  ordinary()
}
