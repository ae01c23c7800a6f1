import type { BlockReader } from './blocks.ts'
import type { Block } from './blocks.ts'
import { timesOf, unpackChunk } from './chunk.ts'
import type { StoreProblem } from './store-state.ts'

/** Times and columns of one series in one block; absent where it has none, and where they are damaged, which is reported. */
export const readChunk = (
  reader: BlockReader, block: Block, series: number, columnCount: number, problem: (problem: StoreProblem) => void,
): { readonly times: Float64Array; readonly columns: readonly Float64Array[] } | undefined => {
  const chunk = reader.chunk(block.id, series)
  if (chunk === undefined) return undefined
  const times = reader.times(block.id)
  const where = { block: block.id, from: block.from, to: block.to }
  if (typeof times === 'string') {
    problem({ part: 'times', ...where, reason: times })
    return undefined
  }
  const contents = typeof chunk === 'string' ? chunk : unpack(chunk, times.length, columnCount)
  if (typeof contents === 'string') {
    problem({ part: 'chunk', series, ...where, reason: contents })
    return undefined
  }
  return { times: timesOf(times, contents.present), columns: contents.columns }
}

const unpack = (chunk: Uint8Array, times: number, columns: number) => {
  try {
    return unpackChunk(chunk, times, columns)
  } catch (error) {
    return String(error)
  }
}
