// A stand-in for the hive: runs bots in the folder it is given, and prints the ids of their processes.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readConfig } from '../../src/config.ts'
import { createBot } from '../../src/hive/bots/create-bot.ts'
import { BotDefinition } from '../../src/hive/bots/definition.ts'

const echo = BotDefinition.parse({
  id: 'echo', name: 'Echo', command: process.execPath,
  args: ['--conditions=@hivekit/source', fileURLToPath(new URL('echo.ts', import.meta.url))],
})
const bots = [...readConfig({}, process.argv[2]!)._unsafeUnwrap().bots, echo].map(definition => createBot(definition, { cwd: join(process.argv[2]!, definition.id) }))
await Promise.all(bots.map(bot => bot.launch()))
process.stdout.write(`${JSON.stringify(bots.map(bot => bot.snapshot().pid))}\n`)
setInterval(() => {}, 1_000)
