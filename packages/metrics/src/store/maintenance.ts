import { compact } from './compact.ts'
import { forgetSeries, retire, sweep, type CompleteRetention } from './retention.ts'
import { seal } from './seal.ts'
import type { StoreState } from './store-state.ts'

/** The work behind a store: sealing, compaction, rollups, retention. */
export interface Maintenance {
  /** Does what is due, soon and in slices, unless it is being done already. */
  readonly wake: () => void
  /** Does what is due and resolves when it is done; with `all`, seals a head that is not full too. */
  readonly run: (all: boolean) => Promise<void>
  /** Before a scrape: seals at once when the head is twice as full as it may be. */
  readonly makeRoom: () => void
  /** Waits for what is being done. */
  readonly stop: () => Promise<void>
}

/** How long a slice may hold the event loop. */
const sliceMs = 6
const dayMs = 86_400_000

export const createMaintenance = (
  state: StoreState, retention: CompleteRetention, { sealEvery, headMaxBytes }: { readonly sealEvery: number; readonly headMaxBytes: number },
): Maintenance => {
  let running: Promise<void> | undefined
  let sealing = false
  let stopping = false
  let opened = false

  const full = (times: number) => state.rows.length >= sealEvery * times || state.headBytes >= headMaxBytes * times
  const compactable = () => {
    const first = state.blocks.find(block => block.tier === 0)
    return first !== undefined && (Math.floor(first.from / dayMs) + 1) * dayMs + 600_000 <= state.newest
  }

  function* work(all: boolean): Generator<void, void> {
    if (!opened) yield* sweep(state, true)
    opened = true
    if (full(1) || (all && state.rows.length > 0)) {
      sealing = true
      try {
        yield* seal(state)
      } finally {
        sealing = false
      }
    }
    if (compactable()) yield* compact(state)
    const before = state.blocks.length
    retire(state, retention)
    yield* sweep(state, false)
    if (state.blocks.length < before) yield* forgetSeries(state)
  }

  const inSlices = async (all: boolean) => {
    const steps = work(all)
    for (;;) {
      const end = performance.now() + sliceMs
      do if (steps.next().done) return
      while (performance.now() < end)
      await new Promise<void>(resolve => setImmediate(resolve))
      if (stopping) return
    }
  }

  const start = (all: boolean) => {
    running = inSlices(all).finally(() => {
      running = undefined
    })
    return running
  }
  return {
    wake: () => {
      if (running || stopping || (opened && !full(1) && !compactable())) return
      start(false).catch(() => {}) // the next wake tries again; a scrape that finds no room says what is wrong
    },
    run: async all => {
      await running?.catch(() => {})
      await running?.catch(() => {}) // a wake may have come first
      await start(all)
    },
    makeRoom: () => {
      if (sealing || !full(2)) return
      const steps = seal(state)
      while (!steps.next().done);
    },
    stop: async () => {
      stopping = true
      await running?.catch(() => {})
    },
  }
}
