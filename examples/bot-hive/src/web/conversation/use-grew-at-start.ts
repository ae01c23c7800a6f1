import { useLayoutEffect, useRef } from 'react'

/** Tells whether this very rendering puts something before what was shown: then what is read must stay where it is. */
export const useGrewAtStart = (first: number | undefined): boolean => {
  const shown = useRef(first)
  useLayoutEffect(() => {
    shown.current = first
  }, [first])
  // oxlint-disable-next-line react/refs -- it is about what is on the screen, which is what a ref set in an effect holds
  return first !== undefined && shown.current !== undefined && first < shown.current
}
