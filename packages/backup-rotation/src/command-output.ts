import type { SingleBar } from 'cli-progress'
import type { BackupProgress } from './vault-event.ts'

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/** Writes a size for people. */
export const humanBytes = (bytes: number): string => {
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)))
  return `${(bytes / 2 ** (10 * power)).toFixed(power === 0 ? 0 : 1)} ${units[power]}`
}

/** Writes a time for people, in their own time zone. */
export const humanTime = (epochMs: number): string => new Date(epochMs).toLocaleString('sv-SE', { dateStyle: 'short', timeStyle: 'short' })

/** Writes rows in columns. */
export const columns = (head: readonly string[], rows: readonly (readonly string[])[]): string => {
  const widths = head.map((title, at) => Math.max(title.length, ...rows.map(row => row[at]!.length)))
  return [head, ...rows].map(row => row.map((cell, at) => cell.padEnd(widths[at]!)).join('  ').trimEnd()).join('\n')
}

/** Draws a bar on stderr where a person watches; elsewhere it is silent. */
export const openProgress = async (quiet: boolean): Promise<{ show: (progress: BackupProgress) => void; stop: () => void }> => {
  if (quiet || !process.stderr.isTTY) return { show: () => {}, stop: () => {} }
  const { default: progress } = await import('cli-progress')
  let bar: SingleBar | undefined
  let phase = ''
  const stop = (): void => bar?.stop()
  return {
    stop,
    show: now => {
      if (now.totalBytes === 0) return
      if (phase !== now.phase + (now.id ?? '')) {
        stop()
        phase = now.phase + (now.id ?? '')
        bar = new progress.SingleBar({ format: `${now.phase.padEnd(10)} {bar} {percentage}% {done} of {all} {eta_formatted}`, stream: process.stderr, hideCursor: true }, progress.Presets.shades_classic)
        bar.start(now.totalBytes, 0, { done: '0 B', all: humanBytes(now.totalBytes) })
      }
      bar!.update(Math.min(now.bytes, now.totalBytes), { done: humanBytes(now.bytes), all: humanBytes(now.totalBytes) })
    },
  }
}
