import type { Labels } from '../metric-family.ts'

/** One condition on one label. A regular expression must match the whole value, as in PromQL. */
export interface Matcher {
  /** The label; `__name__` is the metric's name. */
  readonly name: string
  /** Equal, different, matching, not matching. */
  readonly op: '=' | '!=' | '=~' | '!~'
  /** A value or a regular expression. A label that is absent has the value `''`. */
  readonly value: string
}

/**
 * Reads a PromQL selector, such as `requests_total{route=~"/api/.*",code!="200"}`.
 *
 * @throws TypeError that says what was expected and where; also for a selector that would match everything.
 *
 * @example
 * ```ts
 * import { parseSelector } from '@hivekit/metrics'
 *
 * parseSelector('up{job="hive"}')[1] // { name: 'job', op: '=', value: 'hive' }
 * ```
 */
export const parseSelector = (text: string): readonly Matcher[] => {
  const wrong = (at: number, expected: string) => new TypeError(`Expected ${expected} at character ${at + 1} of the selector ${JSON.stringify(text)}.`)
  const token = /\s*(?:([a-zA-Z_:][a-zA-Z0-9_:]*)|("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`)|(=~|!~|!=|=|[{},]))/y
  const next = () => {
    const at = token.lastIndex
    const match = token.exec(text)
    if (!match) {
      if (text.slice(at).trim() !== '') throw wrong(at, 'a name, a string or one of { } , = != =~ !~')
      return { at, name: undefined, string: undefined, sign: 'end' }
    }
    return { at, name: match[1], string: match[2], sign: match[3] }
  }
  const matchers: Matcher[] = []
  let one = next()
  if (one.name !== undefined) {
    matchers.push({ name: '__name__', op: '=', value: one.name })
    one = next()
  }
  if (one.sign === '{') {
    for (one = next(); one.sign !== '}'; one = one.sign === ',' ? next() : one) {
      const name = one.name ?? (one.string === undefined ? undefined : unquote(one.string))
      if (name === undefined) throw wrong(one.at, 'a label')
      const op = next()
      if (one.string !== undefined && (op.sign === ',' || op.sign === '}')) {
        matchers.push({ name: '__name__', op: '=', value: name }) // {"name.in.utf8", label="x"}
        one = op
        continue
      }
      if (op.sign !== '=' && op.sign !== '!=' && op.sign !== '=~' && op.sign !== '!~') throw wrong(op.at, '= != =~ or !~')
      const value = next()
      if (value.string === undefined) throw wrong(value.at, 'a quoted value')
      matchers.push({ name, op: op.sign, value: unquote(value.string) })
      one = next()
      if (one.sign !== ',' && one.sign !== '}') throw wrong(one.at, ', or }')
    }
    one = next()
  }
  if (one.sign !== 'end') throw wrong(one.at, 'the end')
  for (const { op, value } of matchers) if (op === '=~' || op === '!~') anchored(value)
  if (!matchers.some(m => !matches(m)(''))) throw new TypeError(`The selector ${JSON.stringify(text)} must have a matcher that does not match the empty value.`)
  return matchers
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\\': '\\', '"': '"', "'": "'" }
const unquote = (quoted: string): string =>
  quoted.startsWith('`') ? quoted.slice(1, -1) : quoted.slice(1, -1).replaceAll(/\\(.)/g, (whole, char: string) => escapes[char] ?? whole)

const anchored = (source: string): RegExp => {
  const insensitive = source.startsWith('(?i)')
  try {
    return new RegExp(`^(?:${insensitive ? source.slice(4) : source})$`, insensitive ? 'isu' : 'su')
  } catch (error) {
    throw new TypeError(`Expected a regular expression; got ${JSON.stringify(source)}.`, { cause: error })
  }
}

/** Makes the test of one matcher. */
export const matches = ({ op, value }: Matcher): ((text: string) => boolean) => {
  if (op === '=') return text => text === value
  if (op === '!=') return text => text !== value
  const pattern = anchored(value)
  return op === '=~' ? text => pattern.test(text) : text => !pattern.test(text)
}

/** Makes the test of several matchers on a set of labels. */
export const matchesAll = (matchers: readonly Matcher[]): ((labels: Labels) => boolean) => {
  const tests = matchers.map(matcher => ({ name: matcher.name, test: matches(matcher) }))
  return labels => tests.every(({ name, test }) => test(labels[name] ?? ''))
}

/** Writes matchers as a PromQL selector. */
export const selectorText = (matchers: readonly Matcher[]): string => {
  const name = matchers.find(m => m.name === '__name__' && m.op === '=' && /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(m.value))
  const rest = matchers.filter(m => m !== name).map(m => `${m.name}${m.op}${JSON.stringify(m.value)}`)
  return (name?.value ?? '') + (rest.length > 0 || !name ? `{${rest.join(',')}}` : '')
}
