import { useState, type SyntheticEvent } from 'react'
import { useHive } from '../app/context.ts'
import type { Problem } from '../server/problem.ts'
import { ScrollArea } from '../design/scroll-area.tsx'

interface Line { readonly at: number; readonly stream: string; readonly text: string }

/** What the bot printed beside its protocol, read when it is unfolded. */
export const BotLog = ({ botId }: { readonly botId: string }) => {
  const hive = useHive()
  const [lines, setLines] = useState<readonly Line[]>()
  const [problem, setProblem] = useState<Problem>()

  const onToggle = async (event: SyntheticEvent<HTMLDetailsElement>) => {
    if (!event.currentTarget.open) return
    const outcome = await hive.readLog(botId)
    if (outcome.ok) setLines(outcome.value.items)
    setProblem(outcome.ok ? undefined : outcome.problem)
  }

  return (
    <details className="bot-log" onToggle={event => void onToggle(event)}>
      <summary>Output</summary>
      {problem && <p className="hint">{problem.detail}</p>}
      {lines?.length === 0 && <p className="hint">It has printed nothing.</p>}
      {lines && lines.length > 0 && (
        <ScrollArea label="What the bot printed"><pre>{lines.map(line => line.text).join('\n')}</pre></ScrollArea>
      )}
    </details>
  )
}
