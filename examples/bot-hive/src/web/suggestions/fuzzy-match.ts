/** How a query is found in a text: how well, and which letters are meant. */
export interface Match {
  /** Greater is better; 0 for an empty query. */
  readonly score: number
  /** Offsets into the text, rising. */
  readonly letters: readonly number[]
}

const isStart = (text: string, at: number) => at === 0 || /[\s\-_/.:]/.test(text[at - 1] ?? '') || isHump(text, at)
const isHump = (text: string, at: number) => /[A-Z]/.test(text[at] ?? '') && /[a-z]/.test(text[at - 1] ?? '')

/**
 * Finds the letters of a query in a text, in order. A beginning counts most, then the beginnings of words, then letters
 * that stand together; a short text before a long one. `undefined` when they are not all there.
 */
export const fuzzyMatch = (query: string, text: string): Match | undefined => {
  if (query === '') return { score: 0, letters: [] }
  const wanted = query.toLowerCase()
  const given = text.toLowerCase()
  const whole = given.indexOf(wanted)
  if (whole >= 0) {
    const letters = Array.from({ length: wanted.length }, (_, i) => whole + i)
    const place = whole === 0 ? 60 : isStart(text, whole) ? 40 : 20
    return { score: place + 4 * wanted.length + 20 * (wanted.length / given.length), letters }
  }
  const letters: number[] = []
  let score = 0
  let from = 0
  for (const letter of wanted) {
    let at = given.indexOf(letter, from)
    if (at < 0) return undefined
    // The beginning of a later word is meant rather than a letter in the middle of this one.
    if (at !== from || from === 0) {
      for (let next = at; next >= 0; next = given.indexOf(letter, next + 1)) {
        if (!isStart(text, next)) continue
        if (hasRest(given, next + 1, wanted.slice(letters.length + 1))) at = next
        break
      }
    }
    score += isStart(text, at) ? 6 : at === from && letters.length > 0 ? 4 : 1
    letters.push(at)
    from = at + 1
  }
  return { score: score + 10 * (wanted.length / given.length), letters }
}

const hasRest = (text: string, from: number, rest: string) => {
  let at = from
  for (const letter of rest) {
    const found = text.indexOf(letter, at)
    if (found < 0) return false
    at = found + 1
  }
  return true
}
