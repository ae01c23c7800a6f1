import { useEffect } from 'react'
import { useView } from './context.ts'

/** Names the tab after what is open, with the number of replies that were not seen. */
export const usePageTitle = () => {
  const bot = useView(view => view.bots[view.place.botId ?? '']?.name)
  const session = useView(view => view.sessions[view.place.sessionId ?? '']?.title)
  const unread = useView(view => Object.values(view.unread).reduce((sum, { messageIds }) => sum + messageIds.length, 0))
  const title = [session, bot, 'Bot hive'].filter(Boolean).join(' · ')
  useEffect(() => {
    document.title = unread > 0 ? `(${unread}) ${title}` : title
  }, [title, unread])
}
