/** Where a worker's program is: beside this file, in the source and in the build alike. */
export const workerUrl = (name: string): URL =>
  new URL(`./workers/${name}${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)
