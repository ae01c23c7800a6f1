import { frameBytes } from './zstd-frames.ts'

/** Blocks of memory that are used again: a gigabyte packed through fresh ones would leave the collector a gigabyte to find. */
export interface BlockPool {
  readonly take: () => Buffer
  /** Gives a block back; one that is not of the pool is ignored. */
  readonly give: (block: Buffer) => void
}

/** Makes a pool of blocks of {@link frameBytes}. */
export const createBlockPool = (): BlockPool => {
  const free: Buffer[] = []
  const mine = new WeakSet<ArrayBufferLike>()
  return {
    take: () => {
      const block = free.pop() ?? Buffer.allocUnsafeSlow(frameBytes)
      mine.add(block.buffer)
      return block
    },
    give: block => {
      if (mine.has(block.buffer)) free.push(Buffer.from(block.buffer))
    },
  }
}
