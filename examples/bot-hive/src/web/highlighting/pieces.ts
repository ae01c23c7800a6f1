/** A stretch of code that is of one kind. */
export interface Piece {
  readonly text: string
  /** What it is, in highlight.js' words: `keyword`, `string`, `title function_`. */
  readonly kind?: string
}

/** A node of a syntax tree, as much of hast as is needed. */
interface Node {
  readonly type: string
  readonly value?: string
  readonly properties?: { readonly className?: unknown }
  readonly children?: readonly Node[]
}

/** Flattens a highlighted tree: put together, the pieces are the code again. */
export const piecesOf = (tree: Node): readonly Piece[] => {
  const pieces: Piece[] = []
  const walk = (node: Node, kind: string | undefined) => {
    if (node.value !== undefined) pieces.push(kind === undefined ? { text: node.value } : { text: node.value, kind })
    const names = node.properties?.className
    const own = Array.isArray(names) ? names.map(name => String(name).replace(/^hljs-/, '')).join(' ') : kind
    for (const child of node.children ?? []) walk(child, own)
  }
  walk(tree, undefined)
  return pieces
}
