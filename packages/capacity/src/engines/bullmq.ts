export { openBullJobStore, type BullClient, type BullJobStoreOptions } from '../bull-job-store.ts'
export type { DeadJob, DeadLetters, JobCounts, JobEnding, JobStore, NewJob, StoredJob } from '../job-store.ts'
