import { runAgent } from './agent.ts'
import { answerCommand } from './answer-command.ts'
import { checksum } from './worker/checksum.ts'
import { primes } from './worker/primes.ts'
import { wait } from './worker/wait.ts'

/* Does long, real work in small slices, so that it shows its progress and can be cancelled at any time. */
runAgent({ name: 'worker', ...answerCommand('I do long work and show how it gets on. Cancel me whenever you like.', [primes, checksum, wait]) })
