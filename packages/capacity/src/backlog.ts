/** A key with work that waits. */
interface KeyQueue {
  readonly key: string
  /** A 4-ary heap of slots, the most urgent first. */
  readonly heap: number[]
  /** Fair shares served so far, in the scheduler's virtual time. */
  served: number
  readonly weight: number
  /** Place in the heap of ready keys; −1 while parked or empty. */
  place: number
  /** Score of its head plus what its past service costs it: lower goes first. */
  value: number
  parked: boolean
  /** Index of the limit it is parked for, while parked. */
  parkedFor: number
}

/** What waits, in the order in which it will start. Every operation is O(log n) unless it says otherwise. */
export interface Backlog<T> {
  readonly size: number
  /** Changes whenever the order may have. */
  readonly version: number
  /** Puts an item in and answers its slot, which names it until it leaves. */
  push(item: T, key: string, priority: number, arrivalMs: number): number
  /** The slot of the item to start next, or −1 when nothing waits or every key is parked. O(1). */
  head(): number
  /** The value that orders heads, for comparing with work kept elsewhere: lower goes first. O(1). */
  headScore(): number
  item(slot: number): T
  keyOf(slot: number): string
  priorityOf(slot: number): number
  arrivalOf(slot: number): number
  /** Takes an item out because it starts: its key is charged `cost` fair shares. */
  serve(slot: number, cost: number): T
  /** Takes an item out for any other reason. */
  remove(slot: number): T
  reprioritise(slot: number, priority: number): void
  /** Passes a key over until `unpark`, since a limit of its own holds it: the one with this index. */
  park(slot: number, limit: number): void
  unpark(key: string): void
  unparkAll(): void
  /** How many start before this one if nothing changes. O(n log n) after a change, then O(1). */
  position(slot: number): number
  /** A quick bound on `position`, from above but for moves still to come: O(keys + the work of its key). */
  roughPosition(slot: number): number
  /** Every waiting item in the order in which it will start. O(n log n). */
  order(): T[]
  /** Calls back for every waiting item: when it came, and the limit its key is parked for, or −1. O(n). */
  each(visit: (arrivalMs: number, parkedFor: number) => void): void
}

/**
 * Orders work by `arrival − priority × agingMs` within a key, and across keys by that plus `fair shares served × agingMs`: one step of
 * priority, one fair share more than the others had, and `agingMs` of waiting weigh the same. No score moves while it waits, so a
 * heap holds them; and since newcomers' scores grow with time, nothing starves. See docs/adr/capacity-queue-order.md.
 */
export const createBacklog = <T>(agingMs: number, weightOf: (key: string) => number): Backlog<T> => {
  let capacity = 64
  // A column a field, rather than an object a task: see docs/adr/capacity-memory-per-task.md.
  let score = new Float64Array(capacity)
  let priority = new Float64Array(capacity)
  let sequence = new Int32Array(capacity)
  let place = new Int32Array(capacity)
  // Of the exact length, as pushing would leave a third of them empty.
  const items: (T | undefined)[] = Array.from({ length: capacity })
  const owners: (KeyQueue | undefined)[] = Array.from({ length: capacity })
  let freeHead = -1
  let used = 0
  let size = 0
  let version = 0
  let nextSequence = 0
  let virtual = 0

  const keys = new Map<string, KeyQueue>()
  const ready: KeyQueue[] = []
  const parkedKeys = new Set<KeyQueue>()
  let sweepSize = 1024

  const less = (a: number, b: number): boolean => {
    const x = score[a]!
    const y = score[b]!
    return x < y || (x === y && ((sequence[a]! - sequence[b]!) | 0) < 0)
  }

  const siftUp = (heap: number[], from: number, slot: number): void => {
    let at = from
    while (at > 0) {
      const parentAt = (at - 1) >> 2
      const parent = heap[parentAt]!
      if (!less(slot, parent)) break
      heap[at] = parent
      place[parent] = at
      at = parentAt
    }
    heap[at] = slot
    place[slot] = at
  }

  const siftDown = (heap: number[], from: number, slot: number): void => {
    const length = heap.length
    let at = from
    for (;;) {
      const first = at * 4 + 1
      if (first >= length) break
      let best = heap[first]!
      let bestAt = first
      const end = Math.min(first + 4, length)
      for (let i = first + 1; i < end; i++) {
        const child = heap[i]!
        if (less(child, best)) {
          best = child
          bestAt = i
        }
      }
      if (!less(best, slot)) break
      heap[at] = best
      place[best] = at
      at = bestAt
    }
    heap[at] = slot
    place[slot] = at
  }

  const resift = (heap: number[], at: number, slot: number): void => {
    if (at > 0 && less(slot, heap[(at - 1) >> 2]!)) siftUp(heap, at, slot)
    else siftDown(heap, at, slot)
  }

  // The heap of ready keys is binary and small: most fleets have fewer busy keys than waiting tasks.
  const keyLess = (a: KeyQueue, b: KeyQueue): boolean =>
    a.value < b.value || (a.value === b.value && less(a.heap[0]!, b.heap[0]!))
  const readyUp = (from: number, queue: KeyQueue): void => {
    let at = from
    while (at > 0) {
      const parent = ready[(at - 1) >> 1]!
      if (!keyLess(queue, parent)) break
      ready[at] = parent
      parent.place = at
      at = (at - 1) >> 1
    }
    ready[at] = queue
    queue.place = at
  }
  const readyDown = (from: number, queue: KeyQueue): void => {
    let at = from
    for (;;) {
      let child = at * 2 + 1
      if (child >= ready.length) break
      if (child + 1 < ready.length && keyLess(ready[child + 1]!, ready[child]!)) child++
      const best = ready[child]!
      if (!keyLess(best, queue)) break
      ready[at] = best
      best.place = at
      at = child
    }
    ready[at] = queue
    queue.place = at
  }
  const readyRemove = (queue: KeyQueue): void => {
    const at = queue.place
    if (at < 0) return
    queue.place = -1
    const last = ready.pop()!
    if (last === queue) return
    if (at > 0 && keyLess(last, ready[(at - 1) >> 1]!)) readyUp(at, last)
    else readyDown(at, last)
  }
  /** Puts a key where its head says, after the head or what it was served has changed. */
  const settle = (queue: KeyQueue): void => {
    if (queue.parked) return
    if (queue.heap.length === 0) return readyRemove(queue)
    queue.value = score[queue.heap[0]!]! + queue.served * agingMs
    if (queue.place < 0) {
      ready.push(queue)
      readyUp(ready.length - 1, queue)
    } else if (queue.place > 0 && keyLess(queue, ready[(queue.place - 1) >> 1]!)) readyUp(queue.place, queue)
    else if (ready.length > 1) readyDown(queue.place, queue)
  }

  const keyQueue = (key: string): KeyQueue => {
    const known = keys.get(key)
    if (known) return known
    if (keys.size >= sweepSize) sweepKeys()
    const made: KeyQueue = { key, heap: [], served: virtual, weight: weightOf(key), place: -1, value: 0, parked: false, parkedFor: -1 }
    keys.set(key, made)
    return made
  }
  /** Forgets idle keys that have no lead over the others: a key made anew would stand where they do. */
  const sweepKeys = (): void => {
    for (const [key, queue] of keys) {
      if (queue.heap.length === 0 && !queue.parked && (queue.served <= virtual || size === 0)) keys.delete(key)
    }
    sweepSize = Math.max(1024, keys.size * 2)
  }

  const grow = (): void => {
    capacity = capacity < 1 << 20 ? capacity * 2 : Math.ceil(capacity * 1.25)
    const grown = <A extends Float64Array | Int32Array>(column: A): A => {
      const next = new (column.constructor as new (length: number) => A)(capacity)
      next.set(column)
      return next
    }
    score = grown(score)
    priority = grown(priority)
    sequence = grown(sequence)
    place = grown(place)
    items.length = capacity
    owners.length = capacity
  }

  const takeOut = (slot: number, queue: KeyQueue): T => {
    const { heap } = queue
    const at = place[slot]!
    const last = heap.pop()!
    if (last !== slot) resift(heap, at, last)
    const item = items[slot]!
    items[slot] = undefined
    owners[slot] = undefined
    // A free slot's place holds the next free one.
    place[slot] = freeHead
    freeHead = slot
    size--
    version++
    return item
  }

  const drained = (): void => {
    if (size > 0) return
    // Nobody waits, so nobody leads: everyone starts level again, and what a burst needed is given back.
    virtual = 0
    keys.clear()
    parkedKeys.clear()
    ready.length = 0
    if (capacity > 1 << 16) {
      capacity = 64
      score = new Float64Array(capacity)
      priority = new Float64Array(capacity)
      sequence = new Int32Array(capacity)
      place = new Int32Array(capacity)
      items.length = capacity
      owners.length = capacity
      freeHead = -1
      used = 0
    }
  }

  const orderOf = (): number[] => {
    const heads = [...keys.values()]
      .filter(queue => queue.heap.length > 0)
      .map(queue => ({ slots: queue.heap.toSorted((a, b) => (less(a, b) ? -1 : 1)), at: 0, served: queue.served, queue }))
    const valueOf = (head: (typeof heads)[number]): number => score[head.slots[head.at]!]! + head.served * agingMs
    const before = (a: (typeof heads)[number], b: (typeof heads)[number]): boolean => {
      const [x, y] = [valueOf(a), valueOf(b)]
      return x < y || (x === y && less(a.slots[a.at]!, b.slots[b.at]!))
    }
    const down = (from: number): void => {
      let at = from
      for (;;) {
        let child = at * 2 + 1
        if (child >= heads.length) return
        if (child + 1 < heads.length && before(heads[child + 1]!, heads[child]!)) child++
        if (!before(heads[child]!, heads[at]!)) return
        ;[heads[at], heads[child]] = [heads[child]!, heads[at]!]
        at = child
      }
    }
    for (let i = heads.length >> 1; i >= 0; i--) if (i < heads.length) down(i)
    const order: number[] = []
    while (heads.length > 0) {
      const head = heads[0]!
      order.push(head.slots[head.at++]!)
      head.served += 1 / head.queue.weight
      if (head.at === head.slots.length) {
        const last = heads.pop()!
        if (heads.length > 0) heads[0] = last
      }
      down(0)
    }
    return order
  }

  let ranks = new Int32Array(0)
  let rankedAt = -1

  return {
    get size() {
      return size
    },
    get version() {
      return version
    },
    push: (item, key, itemPriority, arrivalMs) => {
      let slot = freeHead
      if (slot >= 0) freeHead = place[slot]!
      else {
        slot = used++
        if (slot >= capacity) grow()
      }
      const queue = keyQueue(key)
      items[slot] = item
      owners[slot] = queue
      score[slot] = arrivalMs - itemPriority * agingMs
      priority[slot] = itemPriority
      sequence[slot] = nextSequence
      nextSequence = (nextSequence + 1) | 0
      const { heap } = queue
      // A key that comes back joins where the others are, neither ahead for its absence nor ahead of what it still owes.
      if (heap.length === 0 && queue.served < virtual) queue.served = virtual
      heap.push(slot)
      siftUp(heap, heap.length - 1, slot)
      size++
      version++
      if (place[slot] === 0) settle(queue)
      return slot
    },
    head: () => (ready.length === 0 ? -1 : ready[0]!.heap[0]!),
    headScore: () => (ready.length === 0 ? Infinity : score[ready[0]!.heap[0]!]!),
    item: slot => items[slot]!,
    keyOf: slot => owners[slot]!.key,
    priorityOf: slot => priority[slot]!,
    arrivalOf: slot => score[slot]! + priority[slot]! * agingMs,
    serve: (slot, cost) => {
      const queue = owners[slot]!
      const item = takeOut(slot, queue)
      if (queue.served > virtual) virtual = queue.served
      queue.served += cost / queue.weight
      settle(queue)
      drained()
      return item
    },
    remove: slot => {
      const queue = owners[slot]!
      const item = takeOut(slot, queue)
      settle(queue)
      drained()
      return item
    },
    reprioritise: (slot, next) => {
      const queue = owners[slot]!
      score[slot] = score[slot]! + (priority[slot]! - next) * agingMs
      priority[slot] = next
      resift(queue.heap, place[slot]!, slot)
      version++
      settle(queue)
    },
    park: (slot, limit) => {
      const queue = owners[slot]!
      readyRemove(queue)
      queue.parked = true
      queue.parkedFor = limit
      parkedKeys.add(queue)
    },
    unpark: key => {
      const queue = keys.get(key)
      if (!queue?.parked) return
      queue.parked = false
      parkedKeys.delete(queue)
      settle(queue)
    },
    unparkAll: () => {
      for (const queue of parkedKeys) {
        queue.parked = false
        settle(queue)
      }
      parkedKeys.clear()
    },
    position: slot => {
      if (rankedAt !== version) {
        if (ranks.length < used) ranks = new Int32Array(capacity)
        for (const [rank, at] of orderOf().entries()) ranks[at] = rank
        rankedAt = version
      }
      return ranks[slot]!
    },
    roughPosition: slot => {
      const own = owners[slot]!
      let ahead = 0
      for (const other of own.heap) if (less(other, slot)) ahead++
      const value = score[slot]! + (own.served + ahead / own.weight) * agingMs
      for (const queue of ready) {
        if (queue === own || queue.value > value) continue
        ahead += Math.min(queue.heap.length, Math.floor(((value - queue.value) / agingMs) * queue.weight) + 1)
      }
      return ahead
    },
    order: () => orderOf().map(slot => items[slot]!),
    each: visit => {
      for (let slot = 0; slot < used; slot++) {
        const queue = owners[slot]
        if (queue) visit(score[slot]! + priority[slot]! * agingMs, queue.parked ? queue.parkedFor : -1)
      }
    },
  }
}
