/** Where things go on a sheet of A4, in points. */
export const sheet = { width: 595.28, height: 841.89, left: 56, right: 56, top: 64, bottom: 60 } as const

/** How wide a line can be. */
export const lineWidth = sheet.width - sheet.left - sheet.right

/** A page being filled, from the top. */
export interface Page {
  /** Its object. */
  readonly number: number
  /** From 1. */
  readonly ordinal: number
  /** Its content so far. */
  content: string[]
  /** The element of each marked content, by its number on the page. */
  readonly owners: number[]
  /** The objects of its annotations. */
  readonly annotations: number[]
  /** Where the next line's top is, from the sheet's bottom. */
  y: number
}
