import { parseArgs } from 'node:util'
import { environmentHelp, readConfig } from './config.ts'
import { openHive } from './hive/hive.ts'
import { createApp } from './server/app.ts'

const usage = `Usage: npm start

Starts the bot hive and prints its address.

Environment:
${environmentHelp}

Options:
  -h, --help  show this`

const quit = (message: string, status: number): never => {
  process.stderr.write(`${message}\n`)
  process.exit(status)
}

const readArgs = () => {
  try {
    return parseArgs({ options: { help: { type: 'boolean', short: 'h' } } }).values
  } catch (error) {
    return quit(`${(error as Error).message}\n\n${usage}`, 2)
  }
}

if (readArgs().help) {
  process.stdout.write(`${usage}\n`)
  process.exit(0)
}

const config = readConfig(process.env, process.cwd()).match(value => value, error => quit(error.message, 1))
const hive = (await openHive(config)).match(value => value, error => quit(error.message, 1))
const app = await createApp(hive, config)

const listening = await app.listen({ host: config.host, port: config.port }).catch(async (error: NodeJS.ErrnoException) => {
  await hive[Symbol.asyncDispose]()
  return quit(error.code === 'EADDRINUSE'
    ? `Port ${config.port} on ${config.host} is taken. Set HIVE_PORT to another, or to 0 for a free one.`
    : `Cannot listen on ${config.host} port ${config.port}: ${error.message}`, 1)
})

let stopping = false
const stop = async () => {
  if (stopping) return
  stopping = true
  await hive.drain()
  await app.close()
  await hive[Symbol.asyncDispose]()
  process.exit(0)
}
process.on('SIGTERM', () => void stop())
process.on('SIGINT', () => void stop())

await hive.start(listening)
process.stdout.write(`bot hive: ${listening}\n`)
