import { actOnBot } from './act-on-bot.ts'

/** `/stop <bot>` */
export const stop = actOnBot('stop', 'Lets a bot finish what it does, then ends it.', { notMyself: true })
