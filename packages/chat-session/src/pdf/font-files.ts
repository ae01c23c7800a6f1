import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const require = createRequire(import.meta.url)

/** The faces that text is set in, from the package that comes with this one. */
export const faces = ['DejaVuSans', 'DejaVuSans-Bold', 'DejaVuSans-Oblique', 'DejaVuSans-BoldOblique', 'DejaVuSansMono', 'DejaVuSansMono-Bold'] as const

/** One of the faces. */
export type Face = (typeof faces)[number]

/** Reads a face. */
export const readFace = (face: Face): Buffer =>
  readFileSync(join(dirname(require.resolve('dejavu-fonts-ttf/package.json')), 'ttf', `${face}.ttf`))

/** Families that are used for what the faces lack, where they are installed, in this order. */
export const fallbackFamilies: readonly string[] = [
  '@fontsource/noto-sans-sc', '@fontsource/noto-sans-jp', '@fontsource/noto-sans-kr', '@fontsource/noto-sans-tc',
  '@fontsource/zcool-xiaowei', '@fontsource/noto-sans-devanagari', '@fontsource/noto-sans-bengali', '@fontsource/noto-sans-tamil',
  '@fontsource/noto-sans-thai', '@fontsource/noto-sans-ethiopic', '@fontsource/noto-sans-symbols-2', '@fontsource/noto-emoji',
]

/** A file of a family, and the characters that are looked for in it. */
export interface FallbackFile {
  readonly path: string
  readonly ranges: readonly (readonly [from: number, to: number])[]
}

/** A family is its user's to install: it is looked for beside this package and in the program's own folder. */
const resolveFamily = (family: string): string => {
  try {
    return require.resolve(`${family}/unicode.json`)
  } catch {
    return createRequire(join(process.cwd(), 'package.json')).resolve(`${family}/unicode.json`)
  }
}

/** The files of the families that are installed, each with part of its family's characters. */
export const findFallbackFiles = (families: readonly string[]): FallbackFile[] => families.flatMap(family => {
  let folder: string
  let subsets: Record<string, string>
  try {
    const index = resolveFamily(family)
    folder = dirname(index)
    subsets = JSON.parse(readFileSync(index, 'utf8')) as Record<string, string>
  } catch {
    return []
  }
  const name = family.slice(family.indexOf('/') + 1)
  return Object.entries(subsets).map(([subset, ranges]) => ({
    path: join(folder, 'files', `${name}-${subset.replaceAll(/[[\]]/g, '')}-400-normal.woff`),
    ranges: ranges.split(',').map(range => {
      const [from = '', to = from] = range.trim().slice(2).split('-')
      return [Number.parseInt(from, 16), Number.parseInt(to, 16)] as const
    }),
  }))
})
