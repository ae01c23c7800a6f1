import { useEffect, useRef, useState, type FormEvent } from 'react'
import { useHive } from '../app/context.ts'
import { BotMark } from '../bots/bot-mark.tsx'
import type { Problem } from '../server/problem.ts'

/** Asks for the token when the hive wants one. */
export const SignIn = () => {
  const hive = useHive()
  const field = useRef<HTMLInputElement>(null)
  const [problem, setProblem] = useState<Problem>()
  const [busy, setBusy] = useState(false)
  useEffect(() => field.current?.focus(), [])

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (busy) return
    setBusy(true)
    const outcome = await hive.signIn(field.current?.value ?? '')
    setBusy(false)
    if (outcome.ok) return
    setProblem(outcome.problem)
    field.current?.select()
  }

  return (
    <main className="sign-in">
      <form onSubmit={event => void submit(event)}>
        <BotMark name="H" />
        <h1>Sign in to the hive</h1>
        <label htmlFor="token">Token</label>
        <input
          id="token" ref={field} type="password" autoComplete="current-password" required
          aria-invalid={problem !== undefined} aria-describedby={problem ? 'token-problem token-hint' : 'token-hint'}
        />
        {problem && (
          <p id="token-problem" className="field-problem" role="alert">
            {problem.status === 401 ? 'That is not the token.' : problem.detail}
          </p>
        )}
        <p id="token-hint" className="hint">Whoever started the hive chose it, as <code>HIVE_TOKEN</code>.</p>
        <button type="submit" className="primary" aria-disabled={busy}>{busy ? 'Signing in…' : 'Sign in'}</button>
      </form>
    </main>
  )
}
