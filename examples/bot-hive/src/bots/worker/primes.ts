import type { AnsweringCommand } from '../answer-command.ts'
import { countPrimes } from './count-primes.ts'
import { showProgress } from './progress.ts'

const largest = 10_000_000_000

/** `/primes <n>` */
export const primes: AnsweringCommand = {
  name: 'primes',
  description: 'Counts the primes up to a number.',
  hint: '<number>',
  run: async (argument, turn) => {
    const limit = Number(argument.replaceAll(/[_,\s]/g, '') || Number.NaN)
    if (!Number.isInteger(limit) || limit < 0 || limit > largest)
      return `Up to which number? A whole one from 0 to ${number(largest)}, for example \`/primes 10_000_000\`.`
    const steps = (counting: 'in_progress' | 'completed') => [
      { text: `Sieve the numbers up to ${number(limit)}`, status: counting },
      { text: 'Tell how many primes there are', status: counting === 'completed' ? 'completed' : 'pending' } as const,
    ]
    await turn.plan(steps('in_progress'))
    const progress = await showProgress(turn, `Counting primes up to ${number(limit)}`)
    const began = performance.now()
    const count = await countPrimes(limit, reached => progress.reach(reached / limit))
    const took = `${((performance.now() - began) / 1_000).toFixed(2)} s`
    await progress.done(`${number(count)} primes in ${took}`)
    await turn.plan(steps('completed'))
    return `There are **${number(count)}** primes up to ${number(limit)}. Counting them took ${took}.`
  },
}

const number = (value: number) => value.toLocaleString('en')
