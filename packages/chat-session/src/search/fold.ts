/*
 * Folding makes what people take for the same letter the same: case, accents, full-width and compatibility forms. It
 * goes cluster by cluster (a character with its marks), so that a place in folded text can be traced to the original.
 */

/** What is not plain ASCII: a base with its marks, or a run of Hangul jamo, which compose with their neighbours. */
const clusters = /[\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7ff]+|[^\p{ASCII}\p{M}]\p{M}*|\p{ASCII}\p{M}+|\p{M}+/gu

/** Accents of Latin, Greek and Cyrillic; points of Hebrew and Arabic; variation selectors and enclosing marks. */
const dropped = new RegExp(
  [
    '[\\u0300-\\u036f\\u0591-\\u05c7\\u0610-\\u061a\\u064b-\\u065f\\u0670\\u06d6-\\u06dc\\u06df-\\u06e8]',
    '[\\u1ab0-\\u1aff\\u1dc0-\\u1dff\\u20d0-\\u20ff\\ufe00-\\ufe0f\\ufe20-\\ufe2f]',
    '\\p{Cf}',
  ].join('|'),
  'gu',
)

/** Letters that Unicode does not decompose, but people leave out. */
const plain: Readonly<Record<string, string>> = {
  ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', đ: 'd', ð: 'd', þ: 'th', ł: 'l', ħ: 'h', ı: 'i', ŧ: 't', ς: 'σ',
}

const known = new Map<string, string>()
const foldCluster = (cluster: string): string => {
  const seen = known.get(cluster)
  if (seen !== undefined) return seen
  const decomposed = cluster.normalize('NFKD').replaceAll(dropped, '').toLowerCase().replaceAll(/[ßæœøđðþłħıŧς]/g, c => plain[c]!)
  const folded = decomposed.normalize('NFC').toLowerCase()
  if (known.size > 20_000) known.clear()
  if (cluster.length < 16) known.set(cluster, folded)
  return folded
}

const beyondAscii = /[^\0-\x7f]/

/** Folds a text. Plain ASCII costs one `toLowerCase`. */
export const fold = (text: string): string =>
  beyondAscii.test(text) ? text.toWellFormed().replaceAll(clusters, foldCluster).toLowerCase() : text.toLowerCase()

/** Folds a text and traces it: `origins[i]` is where the folded text's character `i` came from, and the last its length. */
export const foldTraced = (text: string): { readonly folded: string, readonly origins: readonly number[] } => {
  const origins: number[] = []
  let folded = ''
  const take = (at: number, result: string, oneToOne: boolean) => {
    for (let i = 0; i < result.length; i++) origins.push(oneToOne ? at + i : at)
    folded += result
  }
  let at = 0
  for (const match of text.toWellFormed().matchAll(clusters)) {
    const between = text.slice(at, match.index)
    take(at, between.toLowerCase(), true)
    take(match.index, foldCluster(match[0]).toLowerCase(), false)
    at = match.index + match[0].length
  }
  const rest = text.slice(at)
  take(at, rest.toLowerCase(), true)
  origins.push(text.length)
  return { folded, origins }
}
