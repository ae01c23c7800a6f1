import { useHive, useView } from '../app/context.ts'
import { secondsUntil, useNow } from '../design/use-now.ts'
import './connection.css'

/** Whether the page hears the hive. */
export const ConnectionState = () => {
  const hive = useHive()
  const connection = useView(view => view.connection)
  const lost = connection.state === 'lost'
  const now = useNow(500, lost)
  if (connection.state === 'live') return <p className="connection live"><i aria-hidden="true" />Live</p>
  if (connection.state === 'connecting') return <p className="connection connecting"><i aria-hidden="true" />Connecting…</p>
  return (
    <p className="connection lost">
      <i aria-hidden="true" />
      <span>Connection lost{connection.retryAt > now ? `, retrying in ${secondsUntil(connection.retryAt, now)} s` : ', retrying…'}</span>
      <button type="button" className="small" onClick={hive.retryNow}>Now</button>
    </p>
  )
}
