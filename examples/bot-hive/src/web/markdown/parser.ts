import MarkdownIt from 'markdown-it'

/** Protocols that a link in a message may have. Anything else stays text. */
const safe = /^(?:https?|mailto|tel):/i

/** CommonMark with tables, strikethrough and bare links; HTML is text. */
const create = (breaks: boolean) => {
  const parser = new MarkdownIt({ html: false, linkify: true, breaks })
  parser.validateLink = url => safe.test(url.trim()) || url.startsWith('#')
  parser.linkify.set({ fuzzyLink: false, fuzzyEmail: false })
  return parser
}

/** For what bots write. */
export const parser = create(false)

/** For what people type: a new line is a new line. */
export const typedParser = create(true)
