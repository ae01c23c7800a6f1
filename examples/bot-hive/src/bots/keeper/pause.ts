import { actOnBot } from './act-on-bot.ts'

/** `/pause <bot>` */
export const pause = actOnBot('pause', 'Lets a bot take nothing new.')
