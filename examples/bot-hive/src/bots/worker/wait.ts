import { setTimeout as after } from 'node:timers/promises'
import type { AnsweringCommand } from '../answer-command.ts'
import { showProgress } from './progress.ts'

const longestSeconds = 3_600

/** `/wait <seconds>` */
export const wait: AnsweringCommand = {
  name: 'wait',
  description: 'Counts down.',
  hint: '<seconds>',
  run: async (argument, turn) => {
    const seconds = Number(argument || Number.NaN)
    if (!(seconds >= 0 && seconds <= longestSeconds)) return `For how long? From 0 to ${longestSeconds} seconds, for example \`/wait 10\`.`
    const progress = await showProgress(turn, `Waiting for ${seconds} s`)
    const end = performance.now() + seconds * 1_000
    for (let left = seconds; left > 0; left = (end - performance.now()) / 1_000) {
      await progress.reach(1 - left / seconds, `${Math.ceil(left)} s left`)
      await after(Math.min(250, left * 1_000), undefined, { signal: turn.signal })
    }
    await progress.done('0 s left')
    return `That were ${seconds} seconds.`
  },
}
