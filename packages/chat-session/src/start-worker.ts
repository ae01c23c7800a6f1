import { Worker } from 'node:worker_threads'

/** Starts the program of a worker, which is in `workers/` beside this file, in the source and in the build alike. */
export const startWorker = (name: string, workerData: unknown): Worker =>
  new Worker(new URL(`./workers/${name}${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url), {
    workerData,
    name: `chat-session ${name}`,
    execArgv: process.execArgv.filter((argument, i, all) => !isForEval(argument) && !/^(-e|-p|-pe|--eval|--print)$/.test(all[i - 1] ?? '')),
  })

/** A program given on the command line is not the worker's, and Node refuses to start one with its flags. */
const isForEval = (argument: string): boolean => /^(-e|-p|-pe|--eval|--print|--input-type)(=|$)/.test(argument)
