import { useHive, useView } from './context.ts'
import { ProblemNote } from '../design/problem-note.tsx'

const cell = 'M16 2.6 27.6 9.3v13.4L16 29.4 4.4 22.7V9.3z'

/** Three cells, for when there is nothing else to see. */
const Comb = () => (
  <svg className="comb" viewBox="0 0 64 60" aria-hidden="true" focusable="false">
    <path d={cell} transform="translate(16.4 0)" />
    <path d={cell} transform="translate(4 21.2)" />
    <path d={cell} transform="translate(28.8 21.2)" />
  </svg>
)

/** What is seen where no bot is open: because none was chosen, it is not known yet, or there is none of that name. */
export const NothingOpen = ({ botId }: { readonly botId: string | undefined }) => {
  const hive = useHive()
  const { state, problem } = useView(view => view.botList)
  const title = !botId ? 'Choose a bot' : state === 'ready' ? `There is no bot “${botId}”` : state === 'loading' ? 'Reading the hive' : 'The hive is out of reach'
  return (
    <div className="start">
      <Comb />
      <h2 id="place-title" className="start-name" tabIndex={-1}>{title}</h2>
      {!botId && <p className="start-about">Its sessions and what you said to each other are kept here.</p>}
      {botId && state === 'ready' && <p className="start-about"><a href="#/">See the bots that there are</a></p>}
      {botId && state === 'failed' && problem && (
        <ProblemNote what="The bots could not be read." problem={problem}>
          <button type="button" onClick={() => void hive.readBots()}>Try again</button>
        </ProblemNote>
      )}
    </div>
  )
}
