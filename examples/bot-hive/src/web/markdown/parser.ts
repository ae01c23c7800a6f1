import MarkdownIt from 'markdown-it'

/** Protocols that a link in a message may have. Anything else stays text. */
const safe = /^(?:https?|mailto|tel):/i

/** CommonMark with tables, strikethrough and bare links; HTML is text. */
export const parser = new MarkdownIt({ html: false, linkify: true })
parser.validateLink = url => safe.test(url.trim()) || url.startsWith('#')
parser.linkify.set({ fuzzyLink: false, fuzzyEmail: false })
