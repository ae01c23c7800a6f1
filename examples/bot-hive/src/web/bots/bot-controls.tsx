import { useState } from 'react'
import { useHive } from '../app/context.ts'
import type { BotCall } from '../app/hive.ts'
import { Icon, type IconName } from '../design/icon.tsx'
import { ProblemNote } from '../design/problem-note.tsx'
import type { Problem } from '../server/problem.ts'
import type { Bot } from '../state/view.ts'

interface Control { readonly call: BotCall; readonly text: string; readonly icon: IconName }

const controlsOf = (bot: Bot): readonly Control[] => {
  const launch: Control = { call: 'launch', text: 'Launch', icon: 'play' }
  const stop: Control = { call: 'stop', text: 'Stop', icon: 'stop' }
  if (bot.state === 'stopped') return [launch]
  if (bot.state === 'restarting') return [{ ...launch, text: 'Launch now' }, stop]
  if (bot.state === 'draining') return [stop]
  return [
    bot.paused ? { call: 'resume', text: 'Resume', icon: 'play' } : { call: 'pause', text: 'Pause', icon: 'pause' },
    { call: 'restart', text: 'Restart', icon: 'restart' },
    stop,
  ]
}

/** What can be done with a bot now, and why it failed when it did. */
export const BotControls = ({ bot }: { readonly bot: Bot }) => {
  const hive = useHive()
  const [calling, setCalling] = useState<BotCall>()
  const [failed, setFailed] = useState<{ readonly text: string; readonly problem: Problem }>()

  const run = async ({ call, text }: Control) => {
    if (calling) return
    setCalling(call)
    setFailed(undefined)
    const outcome = await hive.command(bot.id, call)
    setCalling(undefined)
    if (!outcome.ok) setFailed({ text, problem: outcome.problem })
  }

  return (
    <>
      <fieldset className="bot-controls" aria-label={`${bot.name} controls`}>
        {controlsOf(bot).map(control => (
          <button
            key={control.call} type="button" className="small" aria-disabled={calling !== undefined}
            onClick={() => void run(control)}
          >
            <Icon name={control.icon} />{control.text}
          </button>
        ))}
      </fieldset>
      {failed && <ProblemNote what={`${failed.text}: not done.`} problem={failed.problem} />}
    </>
  )
}
