/** When a state counts as flapping. */
export interface FlappingOptions {
  /** How many of the last observations to look at, 3 or more. Default 21. */
  readonly window?: number
  /** It flaps from this weighted share of changes on, 0–1. Default 0.2. */
  readonly high?: number
  /** It is steady again below this share, 0 to `high`. Default 0.05. */
  readonly low?: number
}

/** Notices states that change too often for any one change to be news. */
export interface FlapDetector {
  /** Adds the newest state, and tells whether it flaps now. */
  observe(state: number): boolean
}

/**
 * Flap detection as Nagios does it: the share of changes among the last states, recent ones counting 1.2 and the
 * oldest 0.8, with one threshold to begin and a lower one to end.
 * Source: Nagios Core documentation, "Detection and Handling of State Flapping".
 */
export const createFlapDetector = ({ window = 21, high = 0.2, low = 0.05 }: FlappingOptions): FlapDetector => {
  if (!(Number.isInteger(window) && window >= 3)) throw new RangeError(`Expected a window of 3 or more, got ${window}.`)
  if (!(low >= 0 && high >= low && high <= 1)) throw new RangeError(`Expected low and high within 0–1 and in order, got ${low} and ${high}.`)
  const states: number[] = []
  let flapping = false
  return {
    observe: state => {
      states.push(state)
      if (states.length > window) states.shift()
      let changed = 0
      for (let age = 0; age < states.length - 1; age++) {
        const newer = states.length - 1 - age
        if (states[newer] !== states[newer - 1]) changed += 1.2 - (0.4 * age) / (window - 2)
      }
      const share = changed / (window - 1)
      flapping = flapping ? share >= low : share >= high
      return flapping
    },
  }
}
