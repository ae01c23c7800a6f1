import { actOnBot } from './act-on-bot.ts'

/** `/restart <bot>` */
export const restart = actOnBot('restart', 'Stops a bot and starts it again.', { notMyself: true })
