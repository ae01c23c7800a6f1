import type { Mode } from '@hivekit/health-score'

/** The modes of a hive, best first. */
export const hiveModes = ['full', 'reduced', 'essential', 'maintenance'] as const
export type HiveMode = (typeof hiveModes)[number]

/** What is switched off in a mode, and how many messages may wait for one bot in it. */
const off = {
  full: { features: [], maxWaiting: 10_000 },
  reduced: { features: ['exports', 'long queues'], maxWaiting: 100 },
  essential: { features: ['queues'], maxWaiting: 10 },
  maintenance: { features: ['chat'], maxWaiting: 10 },
} as const satisfies Record<HiveMode, { readonly features: readonly string[]; readonly maxWaiting: number }>

/** How many messages may wait for one bot: what could not be answered soon is refused while there is still time to go elsewhere. */
export const maxWaitingIn = (mode: HiveMode): number => off[mode].maxWaiting

/**
 * Exports and long queues come and go by the score. Maintenance, which refuses messages, only a person switches on: bots that are dead
 * refuse by themselves, and those that are slow are no faster for being silenced.
 */
export const modesOfHive = (): Mode[] => [
  { name: 'full', off: off.full.features },
  { name: 'reduced', off: off.reduced.features, causes: [{ name: 'low score', measure: 'score', below: 75, leaveAt: 85 }], minDwellMs: 60_000 },
  { name: 'essential', off: off.essential.features, causes: [{ name: 'very low score', measure: 'score', below: 50, leaveAt: 60 }], minDwellMs: 60_000 },
  { name: 'maintenance', off: off.maintenance.features, minDwellMs: 0 },
]
