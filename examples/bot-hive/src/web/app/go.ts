import type { Place } from '../state/view.ts'
import { hrefOf } from './place.ts'

/** Goes there, as a link would: the way back leads here. */
export const go = (place: Place) => {
  location.hash = hrefOf(place)
}
