import { useSyncExternalStore } from 'react'
import { usePage } from '../app/context.ts'

/** The one place that speaks. */
export const StatusRegion = () => {
  const { announcer } = usePage()
  const text = useSyncExternalStore(announcer.subscribe, announcer.getText)
  return <output className="visually-hidden">{text}</output>
}
