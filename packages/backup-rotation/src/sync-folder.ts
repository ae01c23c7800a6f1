import { open } from 'node:fs/promises'

/** Makes the names in a folder durable: a file that was renamed into it is there after a crash. */
export const syncFolder = async (folder: string): Promise<void> => {
  // Windows cannot open a folder; there the rename itself is all there is.
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
