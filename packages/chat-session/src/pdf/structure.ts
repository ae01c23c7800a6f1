import type { PdfFile } from './pdf-file.ts'
import type { Page } from './page.ts'

/** An element of the structure that says what each piece of content is (ISO 32000-1, 14.7). */
export interface Element {
  readonly number: number
  readonly tag: string
  readonly parent: number
  readonly kids: string[]
  /** More entries of its object. */
  readonly entries: string
}

/** The tree of elements. One that is closed is written and forgotten; its parent keeps its number alone. */
export interface Structure {
  readonly root: number
  open(tag: string, parent: Element | null, entries?: string): Element
  close(element: Element): void
  /** Notes what an element marked on a page, or an annotation, so that it can be found from there. */
  noteParents(key: number, object: number): void
  /** A new key for the above. */
  newKey(): number
  /** Writes the root and the way back from content to elements. */
  end(): void
}

export const createStructure = (file: PdfFile): Structure => {
  const root = file.allocate()
  const top: number[] = []
  const parents: (readonly [key: number, object: number])[] = []
  let keys = 0
  return {
    root,
    open(tag, parent, entries = '') {
      const number = file.allocate()
      if (parent) parent.kids.push(`${number} 0 R`)
      else top.push(number)
      return { number, tag, parent: parent?.number ?? root, kids: [], entries }
    },
    close: ({ number, tag, parent, kids, entries }) =>
      file.put(number, `<</Type/StructElem/S/${tag}/P ${parent} 0 R${entries}/K[${kids.join(' ')}]>>`),
    noteParents: (key, object) => void parents.push([key, object]),
    newKey: () => keys++,
    end() {
      const tree = file.allocate()
      const nums = parents.toSorted(([a], [b]) => a - b).map(([key, object]) => `${key} ${object} 0 R`).join(' ')
      file.put(tree, `<</Nums[${nums}]>>`)
      file.put(root, `<</Type/StructTreeRoot/K[${top.map(n => `${n} 0 R`).join(' ')}]/ParentTree ${tree} 0 R/ParentTreeNextKey ${keys}>>`)
    },
  }
}

/** Marks content on a page as an element's, or as nobody's. */
export const markOf = (page: Page, element: Element): string => {
  const id = page.owners.push(element.number) - 1
  element.kids.push(`<</Type/MCR/Pg ${page.number} 0 R/MCID ${id}>>`)
  return `/${element.tag} <</MCID ${id}>> BDC\n`
}
