import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A bot as one would put it into `hive.config.json`. */
export type BotEntry = { readonly id: string; readonly command: string | readonly string[] } & Record<string, unknown>

/** A bot that says what it is told, after `delayMs`. */
export const echoBot = ({ delayMs = 0, ...entry }: Partial<BotEntry> & { readonly delayMs?: number } = {}): BotEntry => ({
  id: 'echo', command: ['node', '--conditions=@hivekit/source', join(import.meta.dirname, 'agents', 'echo.ts')], env: { DELAY_MS: String(delayMs) }, ...entry,
})

export interface StartOptions {
  readonly bots?: readonly BotEntry[]
  readonly replyTargetMs?: number
  readonly env?: Readonly<Record<string, string>>
  /** Default: a fresh folder, removed in the end. */
  readonly dataDir?: string
  readonly args?: readonly string[]
  /** Called with the process at once, before it is known whether it gets up. */
  readonly onSpawn?: (child: ChildProcess) => void
}

/** The real hive, as its own process on a free port. */
export interface RunningHive extends AsyncDisposable {
  readonly url: string
  readonly pid: number
  readonly dataDir: string
  /** All it has printed. */
  output(): string
  kill(signal: NodeJS.Signals): void
  /** Its exit code, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals>
}

const main = join(import.meta.dirname, '..', 'src', 'main.ts')

export const temporaryFolder = (): string & {} => mkdtempSync(join(tmpdir(), 'bot-hive-'))

/** Starts it and waits for the line with its address. Rejects with what it printed when it exits first. */
export const startHive = async ({ bots = [], replyTargetMs, env = {}, dataDir, args = [], onSpawn }: StartOptions = {}): Promise<RunningHive> => {
  const folder = dataDir ?? temporaryFolder()
  const removeOwn = () => {
    if (dataDir === undefined) rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  const configFile = join(folder, 'hive.config.json')
  if (bots.length > 0) writeFileSync(configFile, JSON.stringify({ bots, replyTargetMs }))
  const child = spawn(process.execPath, ['--conditions=@hivekit/source', main, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, HIVE_PORT: '0', HIVE_DATA_DIR: folder, HIVE_HOST: '127.0.0.1', HIVE_TOKEN: '', HIVE_CONFIG: '', ...env },
  })
  onSpawn?.(child)
  let printed = ''
  const exited = new Promise<number | NodeJS.Signals>(resolve => child.on('exit', (code, signal) => resolve(code ?? signal ?? 1)))
  const url = await new Promise<string>((resolve, reject) => {
    const onData = (data: Buffer) => {
      printed += data.toString()
      const address = /^bot hive: (\S+)$/m.exec(printed)?.[1]
      if (address) resolve(address)
    }
    child.stdout.on('data', onData)
    child.stderr.on('data', onData)
    void exited.then(status => reject(Object.assign(new Error(printed), { status })))
  }).catch((error: unknown) => {
    removeOwn()
    throw error
  })
  return {
    url, dataDir: folder, exited, pid: child.pid!,
    output: () => printed,
    kill: signal => void child.kill(signal),
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL')
      await exited
      removeOwn()
    },
  }
}
