import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { join, relative, resolve, sep } from 'node:path'
import type { AnsweringCommand } from '../answer-command.ts'
import { fenced } from '../markdown.ts'
import { type Progress, showProgress } from './progress.ts'

const shown = 50

/** `/checksum [folder]` */
export const checksum: AnsweringCommand = {
  name: 'checksum',
  description: 'Takes the SHA-256 of every file in my working folder.',
  hint: '[folder inside it]',
  run: async (argument, turn) => {
    const root = await realpath(turn.cwd)
    const folder = await realpath(resolve(root, argument || '.')).catch(() => undefined)
    if (folder === undefined) return `There is no folder \`${argument}\` in ${root}.`
    if (folder !== root && !folder.startsWith(root + sep)) return `I only look into my own folder, ${root}.`

    const files = await listFiles(folder)
    if (files.length === 0) return `There are no files in ${folder}.`
    const sizes = await Promise.all(files.map(async file => (await stat(file)).size))
    const total = sizes.reduce((sum, size) => sum + size, 0)
    const progress = await showProgress(turn, `Hashing ${files.length} files`)
    const sums: string[] = []
    let before = 0
    for (const [index, file] of files.entries()) {
      sums.push(`${await hashFile(file, before, total, progress)}  ${relative(folder, file)}`)
      before += sizes[index]!
    }
    await progress.done(`${files.length} files, ${total} bytes`)
    const whole = createHash('sha256').update(`${sums.join('\n')}\n`).digest('hex')
    const rest = sums.length > shown ? `\n\n${sums.length - shown} more files are in the sum but not in this list.` : ''
    return [
      `SHA-256 of ${files.length} files, ${total} bytes:`,
      fenced(sums.slice(0, shown).join('\n'), 'text') + rest,
      `All together: \`${whole}\``,
    ].join('\n\n')
  },
}

/** Files by name, without following links: those may lead out of the folder. */
const listFiles = async (folder: string) => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name)).toSorted()
}

const hashFile = async (file: string, before: number, total: number, progress: Progress) => {
  const hash = createHash('sha256')
  let read = 0
  for await (const chunk of createReadStream(file)) {
    hash.update(chunk as Buffer)
    read += (chunk as Buffer).length
    await progress.reach((before + read) / Math.max(total, 1))
  }
  await progress.reach((before + read) / Math.max(total, 1))
  return hash.digest('hex')
}
