import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** Enough about a process to tell later whether that very process still runs. */
export interface ProcessIdentity {
  /** The machine's name. */
  readonly host: string
  /** Its process id, from 1. */
  readonly pid: number
  /** Which boot of the machine; empty where the system does not say. */
  readonly bootId: string
  /** Which namespace the process id counts in; empty where the system does not say. */
  readonly pidNamespace: string
  /** When the process began, in the kernel's ticks since boot; empty where the system does not say. */
  readonly startedAt: string
}

const readOr = (read: () => string): string => {
  try {
    return read().trim()
  } catch {
    return ''
  }
}

/** Field 22 of proc(5)'s stat; the name in field 2 may hold spaces and parentheses. */
const startOf = (pid: number): string =>
  readOr(() => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ')[19] ?? '')

/** Describes this process. */
export const thisProcess = (): ProcessIdentity => ({
  host: hostname(),
  pid: process.pid,
  bootId: readOr(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')),
  pidNamespace: readOr(() => readlinkSync('/proc/self/ns/pid')),
  startedAt: startOf(process.pid),
})

/**
 * Tells whether a process is certainly gone. Only one of the same boot and the same namespace can be judged; of any other
 * the answer is `unknown`, and a lease has to run out. A process id that was given to another process does not deceive it.
 */
export const lifeOf = (identity: ProcessIdentity): 'alive' | 'dead' | 'unknown' => {
  const self = thisProcess()
  const comparable =
    self.bootId !== '' && identity.bootId === self.bootId && identity.pidNamespace === self.pidNamespace && identity.startedAt !== ''
  if (!comparable) return 'unknown'
  return startOf(identity.pid) === identity.startedAt ? 'alive' : 'dead'
}
