import {
  createContext, useCallback, useContext, useLayoutEffect, useMemo, useRef, useState, type CSSProperties, type ReactNode, type Ref,
} from 'react'
import { Virtualizer, type CustomItemComponentProps, type VirtualizerHandle } from 'virtua'
import { usePage, useView } from '../app/context.ts'
import { Icon } from '../design/icon.tsx'
import { undelivered } from '../state/undelivered.ts'
import type { Bot, Conversation, Message, Outgoing, Session } from '../state/view.ts'
import { MessageView } from './message-view.tsx'
import { OutgoingView } from './outgoing-view.tsx'
import { useGrewAtStart } from './use-grew-at-start.ts'
import { ScrollArea } from '../design/scroll-area.tsx'

/** How close to the top, in pixels, older messages are asked for. */
const nearTop = 600
/** How close to the end, in pixels, counts as being at it. */
const nearEnd = 48

type Entry = { readonly message: Message } | { readonly outgoing: Outgoing }

const keyOf = (entry: Entry) => ('message' in entry ? entry.message.id : entry.outgoing.key)

export interface MessageListProps {
  readonly session: Session | undefined
  readonly sessionId: string
  readonly bot: Bot
  readonly conversation: Conversation
}

/** What an item of the list needs to say where it is among all of them, read or not. */
const Places = createContext<{ readonly entries: readonly Entry[]; readonly total: number }>({ entries: [], total: 0 })

const Item = ({ style, index, children, ref }: CustomItemComponentProps) => {
  const { entries, total } = useContext(Places)
  const entry = entries[index]
  const seq = entry && 'message' in entry ? entry.message.seq : total + 1
  return (
    <li ref={ref as Ref<HTMLLIElement>} style={style} aria-posinset={seq} aria-setsize={Math.max(total, seq)}>{children}</li>
  )
}

const List = ({ style, children, ref }: { style: CSSProperties; children: ReactNode; ref?: Ref<HTMLOListElement> }) =>
  <ol ref={ref} style={style} className="messages">{children}</ol>

/** The messages of a session. Only those near the window are in the page; it follows the end until someone scrolls away. */
export const MessageList = ({ session, sessionId, bot, conversation }: MessageListProps) => {
  const { hive, store } = usePage()
  const outbox = useView(view => view.outbox)
  const scroller = useRef<HTMLElement>(null)
  const virtualizer = useRef<VirtualizerHandle>(null)
  const following = useRef(true)
  const last = useRef({ offset: 0, size: 0 })
  const [away, setAway] = useState(false)
  const { messages, older, loadingOlder } = conversation

  const entries = useMemo((): readonly Entry[] => [
    ...messages.map(message => ({ message })),
    ...undelivered(outbox, sessionId, messages).map(outgoing => ({ outgoing })),
  ], [messages, outbox, sessionId])

  const shift = useGrewAtStart(messages[0]?.seq)

  const toEnd = useCallback(() => {
    if (following.current) virtualizer.current?.scrollTo(Number.MAX_SAFE_INTEGER)
  }, [])

  // What one says oneself is always brought into view.
  const saidBefore = useRef<string>(undefined)
  useLayoutEffect(() => {
    const said = entries.findLast(entry => 'outgoing' in entry)
    if (said && keyOf(said) !== saidBefore.current) {
      saidBefore.current = keyOf(said)
      following.current = true
    }
    toEnd()
  }, [entries, toEnd])

  const onScroll = (offset: number) => {
    const list = virtualizer.current
    if (!list) return
    const toGo = list.scrollSize - list.viewportSize - offset
    const movedUp = offset < last.current.offset - 1 && list.scrollSize >= last.current.size
    last.current = { offset, size: list.scrollSize }
    if (movedUp && toGo > 1) following.current = false
    else if (toGo <= nearEnd) following.current = true
    setAway(!following.current && toGo > nearEnd)
    if (offset < nearTop && older && !loadingOlder) void hive.readOlder(sessionId)
  }
  const jump = () => {
    following.current = true
    setAway(false)
    toEnd()
    scroller.current?.focus()
  }

  const retry = useCallback((reply: Message) => {
    const known = store.getView().conversations[sessionId]?.messages ?? []
    const asked = known.findLast(message => message.role === 'user' && message.seq < reply.seq)
    const text = asked?.parts.map(part => (part.type === 'text' ? part.text : '')).join('')
    if (text) hive.send(sessionId, text)
  }, [hive, store, sessionId])

  const total = Math.max(session?.messageCount ?? 0, messages.at(-1)?.seq ?? 0)
  const places = useMemo(() => ({ entries, total }), [entries, total])

  return (
    <div className="messages-frame">
      <ScrollArea ref={scroller} className="messages-scroller" label="Messages" landmark>
        <p className="messages-start">{loadingOlder ? 'Reading older messages…' : older ? 'Older messages above' : ''}</p>
        <Places value={places}>
        <Virtualizer
          ref={virtualizer} scrollRef={scroller} as={List} item={Item} shift={shift} startMargin={32} bufferSize={600}
          data={entries} onScroll={onScroll} onResize={toEnd}
        >
          {entry => (
            'message' in entry
              ? <MessageView key={entry.message.id} message={entry.message} botName={bot.name} onRetry={retry} />
              : <OutgoingView key={entry.outgoing.key} outgoing={entry.outgoing} />
          )}
        </Virtualizer>
        </Places>
      </ScrollArea>
      {away && (
        <button type="button" className="jump" onClick={jump}><Icon name="down" />Newest</button>
      )}
    </div>
  )
}
