import type { BenchRow } from '../../../scripts/bench.ts'
export const outageRows = async (): Promise<BenchRow[]> => []
