import { actOnBot } from './act-on-bot.ts'

/** `/launch <bot>` */
export const launch = actOnBot('launch', 'Starts a bot that is stopped.')
