import { Worker, type ResourceLimits } from 'node:worker_threads'

/** Starts the program of a worker, which is in `workers/` beside this file, in the source and in the build alike. */
export const startWorker = (name: string, workerData: unknown, resourceLimits: ResourceLimits = {}): Worker =>
  new Worker(new URL(`./workers/${name}${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url), {
    workerData,
    resourceLimits,
    name: `chat-session ${name}`,
    // Of the process's flags only what decides which files are loaded: Node refuses to start a worker with some of the others.
    execArgv: process.execArgv.filter((argument, i, all) =>
      /^(-C|--conditions(=.*)?)$/.test(argument) || /^(-C|--conditions)$/.test(all[i - 1] ?? '')),
  })
