/** One side of a case: what is called over and over. */
export type Subject = () => unknown

const cpuNs = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) * 1_000
}

const once = async (subject: Subject, calls: number): Promise<number> => {
  const before = cpuNs()
  for (let i = 0; i < calls; i++) await subject()
  return (cpuNs() - before) / calls
}

const onceSync = (subject: Subject, calls: number): number => {
  const before = cpuNs()
  for (let i = 0; i < calls; i++) subject()
  return (cpuNs() - before) / calls
}

/** Measures subjects in turns, round by round; the least CPU nanoseconds a call of each. */
export const leastOf = async (subjects: readonly Subject[], calls: number, { isSync = false, rounds = 7 } = {}): Promise<readonly number[]> => {
  const measure = isSync ? onceSync : once
  const least = subjects.map(() => Number.POSITIVE_INFINITY)
  for (const subject of subjects) await measure(subject, Math.ceil(calls / 3))
  for (let round = 0; round < rounds; round++) {
    for (const [i, subject] of subjects.entries()) least[i] = Math.min(least[i]!, await measure(subject, calls))
  }
  return least
}
