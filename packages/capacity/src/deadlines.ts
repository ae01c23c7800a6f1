import type { Clock } from './clock.ts'

/** One timer over many deadlines. */
export interface Deadlines<T> extends Disposable {
  /** Watches an item until its deadline, in epoch milliseconds. O(log n). */
  add(item: T, atMs: number): void
}

interface Entry<T> {
  readonly item: T
  readonly atMs: number
}

/** Items that have ended by themselves are left in the heap until their time comes, or until they are half of it. */
export const createDeadlines = <T>(clock: Clock, isOver: (item: T) => boolean, onPassed: (item: T) => void): Deadlines<T> => {
  let heap: Entry<T>[] = []
  let compactAt = 64
  let timerAtMs = Infinity
  let cancel = (): void => {}

  const siftUp = (entry: Entry<T>): void => {
    let at = heap.length
    heap.push(entry)
    while (at > 0) {
      const parentAt = (at - 1) >> 1
      if (heap[parentAt]!.atMs <= entry.atMs) break
      heap[at] = heap[parentAt]!
      at = parentAt
    }
    heap[at] = entry
  }
  const pop = (): void => {
    const last = heap.pop()!
    const { length } = heap
    if (length === 0) return
    let at = 0
    for (;;) {
      let child = at * 2 + 1
      if (child >= length) break
      if (child + 1 < length && heap[child + 1]!.atMs < heap[child]!.atMs) child++
      if (heap[child]!.atMs >= last.atMs) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
  }
  const arm = (): void => {
    while (heap.length > 0 && isOver(heap[0]!.item)) pop()
    const nextMs = heap[0]?.atMs ?? Infinity
    if (nextMs === timerAtMs) return
    cancel()
    timerAtMs = nextMs
    if (nextMs < Infinity) cancel = clock.after(Math.max(0, nextMs - clock.now()), fire)
  }
  const fire = (): void => {
    timerAtMs = Infinity
    const nowMs = clock.now()
    while (heap.length > 0 && (heap[0]!.atMs <= nowMs || isOver(heap[0]!.item))) {
      const { item } = heap[0]!
      pop()
      if (!isOver(item)) onPassed(item)
    }
    arm()
  }
  return {
    add: (item, atMs) => {
      if (heap.length >= compactAt) {
        const alive = heap.filter(entry => !isOver(entry.item))
        heap = []
        for (const entry of alive) siftUp(entry)
        compactAt = Math.max(64, alive.length * 2)
      }
      siftUp({ item, atMs })
      if (atMs < timerAtMs) arm()
    },
    [Symbol.dispose]: () => cancel(),
  }
}
