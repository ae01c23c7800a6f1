import { sampleName, type MetricFamily } from '../metric-family.ts'
import { numberText } from '../text-format.ts'

/**
 * Writes families as JSON lines, one a sample: `{"at":…,"name":…,"labels":{…},"value":…}`. What JSON has no number for is a string.
 *
 * @example
 * ```ts
 * import { toJsonLines } from '@hivekit/metrics'
 *
 * toJsonLines([{ name: 'up', help: 'Up.', type: 'gauge', samples: [{ labels: {}, value: 1 }] }], 1000) // '{"at":1000,"name":"up","type":"gauge","labels":{},"value":1}\n'
 * ```
 */
export const toJsonLines = (families: Iterable<MetricFamily>, at: number): string => {
  let text = ''
  for (const family of families) {
    for (const { labels, value, suffix, timestamp } of family.samples) {
      text += `${JSON.stringify({ at: timestamp ?? at, name: sampleName(family, suffix), type: family.type, labels, value: Number.isFinite(value) ? value : numberText(value) })}\n`
    }
  }
  return text
}
