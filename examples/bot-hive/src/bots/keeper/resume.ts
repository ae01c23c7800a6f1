import { actOnBot } from './act-on-bot.ts'

/** `/resume <bot>` */
export const resume = actOnBot('resume', 'Lets a paused bot go on.')
