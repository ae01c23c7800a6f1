import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { mkdir, stat } from 'node:fs/promises'
import { fail, type HiveError, ok, type Result } from '@hivekit/errors'
import type { Exit } from './exit.ts'

/** What to run and where. */
export interface ProcessOptions {
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  /** Makes the working folder when it is missing. */
  readonly makeCwd: boolean
}

/** A running program with its whole process group. */
export interface BotChild {
  readonly pid: number
  readonly stdin: ChildProcessWithoutNullStreams['stdin']
  readonly stdout: ChildProcessWithoutNullStreams['stdout']
  readonly stderr: ChildProcessWithoutNullStreams['stderr']
  /** Settles when the program itself has ended; its pipes may outlive it. */
  readonly exited: Promise<Exit>
  /** Settles when it has ended and everything it printed was read. */
  readonly closed: Promise<void>
  /** Signals the program and its descendants. */
  readonly kill: (signal: NodeJS.Signals) => void
}

/**
 * Starts a program as the leader of its own process group, so that its descendants end with it.
 * A program or folder that does not exist is a permanent `dependency_failed`: trying again would not help.
 */
export const startProcess = async (options: ProcessOptions): Promise<Result<BotChild, HiveError>> => {
  const { command, args, env, cwd, makeCwd } = options
  try {
    if (makeCwd) await mkdir(cwd, { recursive: true })
  } catch (cause) {
    return fail('dependency_failed', `Cannot make the folder ${cwd}: ${words(cause)}.`, { cause })
  }
  if (!await stat(cwd).then(found => found.isDirectory(), () => false))
    return fail('dependency_failed', `No such folder: ${cwd}`, { kind: 'permanent' })

  let child: ChildProcessWithoutNullStreams
  try {
    child = spawn(command, args, { cwd, env, stdio: 'pipe', detached: process.platform !== 'win32', windowsHide: true })
    await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject))
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code === 'ENOENT') return fail('dependency_failed', `No such program: ${command}`, { kind: 'permanent', cause })
    if (code === 'EACCES') return fail('dependency_failed', `Not allowed to run: ${command}`, { kind: 'permanent', cause })
    return fail('dependency_failed', `Cannot start ${command}: ${words(cause)}.`, { cause })
  }
  // Writing to a process that has gone, or a late failure to kill it, must not end the hive; `exited` tells the story.
  for (const emitter of [child, child.stdin, child.stdout, child.stderr]) emitter.on('error', () => {})

  const pid = child.pid!
  const kill = (signal: NodeJS.Signals) => signalGroup(pid, signal)
  endWithTheHive(pid)
  const exited = new Promise<Exit>(resolve => child.once('exit', (code, signal) => {
    kill('SIGKILL')
    living.delete(pid)
    resolve({ code, signal })
  }))
  const closed = new Promise<void>(resolve => child.once('close', () => resolve()))
  return ok({ pid, stdin: child.stdin, stdout: child.stdout, stderr: child.stderr, exited, closed, kill })
}

const words = (cause: unknown) => cause instanceof Error ? cause.message : String(cause)

const signalGroup = (pid: number, signal: NodeJS.Signals) => {
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, signal)
  } catch {
    // It has ended already.
  }
}

const living = new Set<number>()
let watching = false

/** Whatever ends the hive in an orderly way ends its bots too; SIGKILL closes their stdin, on which they should end. */
const endWithTheHive = (pid: number) => {
  living.add(pid)
  if (watching) return
  watching = true
  process.on('exit', () => {
    for (const each of living) signalGroup(each, 'SIGKILL')
  })
}
