import { useState } from 'react'
import { BotMark } from '../bots/bot-mark.tsx'
import { PlaceHead } from '../app/place-head.tsx'
import { go } from '../app/go.ts'
import { useHive } from '../app/context.ts'
import { Composer } from '../composer/composer.tsx'
import { ProblemNote } from '../design/problem-note.tsx'
import type { Problem } from '../server/problem.ts'
import type { Bot } from '../state/view.ts'

/** A title for a session, out of what began it. */
const titleOf = (text: string) => {
  const line = text.split('\n', 1)[0]?.trim() ?? ''
  return line.length > 60 ? `${line.slice(0, 59).trimEnd()}…` : line
}

/** A session that is not there yet: the first message makes it. */
export const StartView = ({ bot }: { readonly bot: Bot }) => {
  const hive = useHive()
  const [insert, setInsert] = useState({ text: '', times: 0 })
  const [failed, setFailed] = useState<{ readonly text: string; readonly problem: Problem }>()

  const start = async (text: string) => {
    setFailed(undefined)
    const outcome = await hive.createSession(bot.id, titleOf(text))
    if (!outcome.ok) {
      setInsert(({ times }) => ({ text, times: times + 1 }))
      return setFailed({ text, problem: outcome.problem })
    }
    hive.send(outcome.value.id, text)
    go({ botId: bot.id, sessionId: outcome.value.id })
  }

  return (
    <>
      <PlaceHead bot={bot}>
        <h2 id="place-title" className="place-title" tabIndex={-1}>New session</h2>
      </PlaceHead>
      <div className="start">
        <BotMark name={bot.name} />
        <p className="start-name">{bot.name}</p>
        {bot.description && <p className="start-about">{bot.description}</p>}
        {bot.commands.length > 0 && (
          <section className="start-commands" aria-labelledby="start-commands-title">
            <h3 id="start-commands-title" className="pane-title">It understands</h3>
            <ul>
              {bot.commands.map(command => (
                <li key={command.name}>
                  <button
                    type="button" className="command"
                    onClick={() => setInsert(({ times }) => ({ text: `/${command.name} `, times: times + 1 }))}
                  >
                    <code>/{command.name}</code><span>{command.description}</span>
                  </button>
                </li>
              ))}
            </ul>
          </section>
        )}
      </div>
      {failed && (
        <div className="place-problem"><ProblemNote what="The session could not be made." problem={failed.problem} /></div>
      )}
      <Composer bot={bot} draftName={`new:${bot.id}`} insert={insert} onSend={text => void start(text)} />
    </>
  )
}
