/** A small generator of its own, so that each run measures the same text. */
export const createRandom = (seed: number): (() => number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
}

const syllables = ['ka', 'lo', 'mi', 'ter', 'ran', 'su', 'pen', 'dor', 'vi', 'chal', 'to', 'ne', 'bra', 'qui', 'st', 'er', 'ing', 'un', 'pro', 'con']

/** Words, the commonest first; their use follows Zipf. */
export const vocabulary: readonly string[] = Array.from({ length: 50_000 }, (_, i) => {
  let word = ''
  for (let rest = i + 7; rest > 0; rest = Math.floor(rest / 20)) word += syllables[rest % 20]!
  return word
})

/** A message of some 400 characters. */
export const createMessageSource = (seed: number): (() => string) => {
  const random = createRandom(seed)
  return () => {
    let text = ''
    while (text.length < 390) text += `${vocabulary[Math.floor(Math.exp(random() * Math.log(vocabulary.length)) - 1)] ?? 'word'} `
    return text.trimEnd()
  }
}

/** A message as bots write them: prose, and now and then a list, a table, code or Chinese. */
export const mixedMarkdown = (i: number): string => {
  if (i % 5 === 0) {
    return `# Result ${i}\n\nSome **bold**, *italic*, \`code\` and [a link](https://example.com/${i}).\n\n- one\n- two\n\n`
      + '```ts\nconst x: number = 42 // answer\nfunction f() { return "s" }\n```\n\n| A | B |\n|---|---|\n| 1 | the quick brown fox jumps |\n| 2 | over |\n'
  }
  if (i % 5 === 3) return `第${i}条：${'这是一个测试句子，用来测量中文排版的速度。'.repeat(6)}`
  return `Message ${i}. ${'The quick brown fox jumps over the lazy dog, and considers its position. '.repeat(5)}`
}
