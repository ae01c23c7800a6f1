import { useHive, useView } from '../app/context.ts'
import { Icon } from '../design/icon.tsx'
import { secondsUntil, useNow } from '../design/use-now.ts'
import './connection.css'

const words = { connecting: 'Connecting…', live: 'Live', lost: 'Offline' } as const

/** Whether the page hears the hive. */
export const ConnectionState = () => {
  const { state } = useView(view => view.connection)
  return <p className={`connection ${state}`}><i aria-hidden="true" />{words[state]}</p>
}

/** Says that it does not, and when it tries again. */
export const ConnectionBanner = () => {
  const hive = useHive()
  const connection = useView(view => view.connection)
  const lost = connection.state === 'lost'
  const now = useNow(500, lost)
  if (!lost) return null
  return (
    <section className="connection-banner" aria-label="Connection">
      <Icon name="warning" />
      <p>
        Connection to the hive lost, retrying
        {connection.retryAt > now ? ` in ${secondsUntil(connection.retryAt, now)} s` : '…'}
      </p>
      <button type="button" className="small" onClick={hive.retryNow}>Try now</button>
    </section>
  )
}
