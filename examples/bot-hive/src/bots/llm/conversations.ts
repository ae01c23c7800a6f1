import { appendFile, mkdir, readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import type { PastMessage } from '../agent.ts'

/** Conversations as files of JSON lines, so that they outlive the bot. */
export interface Conversations {
  /** The messages of a conversation, oldest first, or nothing when there is none. */
  readonly load: (sessionId: string, cwd: string) => Promise<PastMessage[] | undefined>
  /** Adds messages. */
  readonly add: (sessionId: string, cwd: string, messages: readonly PastMessage[]) => Promise<void>
  /** Deletes a conversation. */
  readonly forget: (sessionId: string, cwd: string) => Promise<void>
}

const Line = z.object({ role: z.enum(['user', 'assistant']), text: z.string() })

/** Keeps conversations in `<cwd>/conversations/<session id>.jsonl`. */
export const openConversations = (): Conversations => {
  /** An id comes from outside: only those we make name a file. */
  const fileOf = (sessionId: string, cwd: string) =>
    /^[0-9a-f-]{36}$/.test(sessionId) ? join(cwd, 'conversations', `${sessionId}.jsonl`) : undefined

  return {
    load: async (sessionId, cwd) => {
      const file = fileOf(sessionId, cwd)
      const text = file && await readFile(file, 'utf8').catch(() => undefined)
      return text?.split('\n').flatMap(readLine)
    },
    add: async (sessionId, cwd, messages) => {
      const file = fileOf(sessionId, cwd)
      if (!file) return
      await mkdir(dirname(file), { recursive: true })
      // A line break first: the last line may have been torn.
      await appendFile(file, messages.map(message => `\n${JSON.stringify(message)}`).join(''))
    },
    forget: async (sessionId, cwd) => {
      const file = fileOf(sessionId, cwd)
      if (file) await rm(file, { force: true })
    },
  }
}

const readLine = (line: string): PastMessage[] => {
  try {
    return [Line.parse(JSON.parse(line))]
  } catch {
    // Torn by a crash, or empty.
    return []
  }
}
