import { useCallback, useState } from 'react'
import { usePage } from '../app/context.ts'

/** What is being typed in one place, kept until it is sent. Mount anew (by `key`) for another place. */
export const useDraft = (name: string): readonly [string, (text: string) => void] => {
  const { keep } = usePage()
  const key = `draft:${name}`
  const [text, setText] = useState(() => {
    const kept = keep.get(key)
    return typeof kept === 'string' ? kept : ''
  })
  const change = useCallback((next: string) => {
    setText(next)
    if (next === '') keep.remove(key)
    else keep.set(key, next)
  }, [keep, key])
  return [text, change]
}
