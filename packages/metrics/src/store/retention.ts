import { chunkStride, states, tiers, transaction } from './database.ts'
import type { StoreState } from './store-state.ts'

/** How much is kept of one kind of data: what is over either limit goes, oldest first. */
export interface TierRetention {
  /** The age at which it goes, milliseconds, measured from the newest sample. */
  readonly maxAgeMs: number
  /** How many bytes it may take, chunks and times; the file is a little larger. */
  readonly maxBytes: number
}

/** How long what is kept. */
export interface StoreRetention {
  /** Every sample. Default 30 days and 512 MiB. At least 2 days, for rollups are made of whole days. */
  readonly raw?: Partial<TierRetention>
  /** Rollups by 5 minutes. Default 180 days and 256 MiB. */
  readonly fiveMinutes?: Partial<TierRetention>
  /** Rollups by the hour. Default 5 years and 256 MiB. */
  readonly hours?: Partial<TierRetention>
}

const dayMs = 86_400_000
const mebibyte = 1_048_576
const minRawMs = 2 * dayMs
const defaults = {
  raw: { maxAgeMs: 30 * dayMs, maxBytes: 512 * mebibyte },
  fiveMinutes: { maxAgeMs: 180 * dayMs, maxBytes: 256 * mebibyte },
  hours: { maxAgeMs: 5 * 365 * dayMs, maxBytes: 256 * mebibyte },
} as const
const kinds = { raw: [tiers.sealed, tiers.day], fiveMinutes: [tiers.fiveMinutes], hours: [tiers.hour, tiers.hourMonth] } as const

/** Every limit, with its default where none is given. */
export type CompleteRetention = Readonly<Record<keyof typeof kinds, TierRetention>>

/** Completes and checks a retention. @throws RangeError */
export const completeRetention = (given: StoreRetention = {}): CompleteRetention => {
  const complete = {
    raw: { ...defaults.raw, ...given.raw },
    fiveMinutes: { ...defaults.fiveMinutes, ...given.fiveMinutes },
    hours: { ...defaults.hours, ...given.hours },
  }
  for (const [kind, { maxAgeMs, maxBytes }] of Object.entries(complete)) {
    const least = kind === 'raw' ? minRawMs : 0
    if (!(maxAgeMs >= least) || !(maxBytes > 0)) throw new RangeError(`Retention of ${kind}: expected maxAgeMs from ${least} and maxBytes above 0; got ${maxAgeMs} and ${maxBytes}.`)
  }
  return complete
}

/** Lets go of the oldest blocks over a limit, and forgets the series that have nothing left. */
export const retire = (state: StoreState, retention: CompleteRetention): void => {
  const over = new Set<number>()
  for (const [kind, numbers] of Object.entries(kinds) as [keyof typeof kinds, readonly number[]][]) {
    const { maxAgeMs, maxBytes } = retention[kind]
    const mine = state.blocks.filter(block => numbers.includes(block.tier))
    let bytes = mine.reduce((sum, block) => sum + block.bytes, 0)
    for (const block of mine) {
      if (block.to >= state.newest - maxAgeMs && bytes <= maxBytes) continue
      over.add(block.id)
      bytes -= block.bytes
    }
  }
  if (over.size === 0) return
  transaction(state.db, () => {
    const kill = state.db.prepare('UPDATE blocks SET state = ? WHERE id = ?')
    for (const id of over) kill.run(states.dead, id)
  })
  state.blocks = state.blocks.filter(block => !over.has(block.id))
}

const sweepRows = 500

/** Removes the chunks of dead blocks and of blocks never finished, a few hundred at a time, and gives their pages back to the system. */
export function* sweep(state: StoreState, alsoUnfinished: boolean): Generator<void, void> {
  const dead = state.db.prepare('SELECT id FROM blocks WHERE state = ? OR state = ?').all(states.dead, alsoUnfinished ? states.building : states.dead) as { readonly id: number }[]
  const remove = state.db.prepare('DELETE FROM chunks WHERE id IN (SELECT id FROM chunks WHERE id >= ? AND id < ? LIMIT ?)')
  for (const { id } of dead) {
    while (remove.run(id * chunkStride, (id + 1) * chunkStride, sweepRows).changes === sweepRows) yield
    state.db.prepare('DELETE FROM blocks WHERE id = ?').run(id)
    yield
  }
  if (dead.length === 0) return
  for (;;) {
    const { freelist_count: free } = state.db.prepare('PRAGMA freelist_count').get() as { readonly freelist_count: number }
    if (free < 256) return
    state.db.exec('PRAGMA incremental_vacuum(256)')
    yield
  }
}

/** Forgets series of which nothing is left in the head or in any block. */
export function* forgetSeries(state: StoreState): Generator<void, void> {
  const alive = new Set<number>()
  const ids = state.db.prepare('SELECT id FROM chunks WHERE id >= ? AND id < ?')
  for (const block of state.blocks) {
    for (const row of ids.all(block.id * chunkStride, (block.id + 1) * chunkStride) as unknown as { readonly id: number }[]) alive.add(row.id % chunkStride)
    yield
  }
  // Last, for a scrape may have come between the slices.
  for (const layout of state.layouts.values()) for (const id of layout.series) alive.add(id)
  const gone = state.index.select([]).filter(id => !alive.has(id))
  if (gone.length === 0) return
  transaction(state.db, () => {
    const remove = state.db.prepare('DELETE FROM series WHERE id = ?')
    for (const id of gone) remove.run(id)
  })
  for (const id of gone) state.index.remove(id)
}
