import { readFileSync, rmSync, writeFileSync } from 'node:fs'

/**
 * Remembers the process of a bot in a file, so that a hive that was killed can end what outlived it: a bot that was
 * frozen, or that ignores the end of its stdin. Linux only, where a process is told apart from a later one of the same
 * id by its time of start; elsewhere nothing is remembered.
 */
export const rememberProcess = (file: string, pid: number): void => {
  const startedAt = startOf(pid)
  if (startedAt === undefined) return
  try {
    writeFileSync(file, JSON.stringify({ pid, startedAt }))
  } catch {
    // A full disk must not keep a bot from running.
  }
}

/** Kills the process that an earlier hive remembered here, with its descendants, if it still lives. */
export const endLeftover = (file: string): void => {
  try {
    const { pid, startedAt } = JSON.parse(readFileSync(file, 'utf8')) as { readonly pid: number, readonly startedAt: string }
    if (Number.isInteger(pid) && pid > 1 && startOf(pid) === startedAt) process.kill(-pid, 'SIGKILL')
  } catch {
    // Nothing was remembered, or it has gone.
  }
  rmSync(file, { force: true })
}

/** When a process started, in clock ticks since boot, with the boot's own id (proc(5), field 22 of stat). */
const startOf = (pid: number): string | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
    return ticks && `${ticks} ${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}`
  } catch {
    return
  }
}
