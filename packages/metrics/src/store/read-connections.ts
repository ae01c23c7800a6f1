import type { DatabaseSync } from 'node:sqlite'
import { createBlockReader, listBlocks, type BlockReader } from './blocks.ts'
import { openForReading } from './database.ts'

/** A connection whose view of the file stands still until it is given back. */
export interface ReadConnection {
  /** The connection itself. */
  readonly db: DatabaseSync
  /** Reads chunks through it. */
  readonly reader: BlockReader
}

/** Connections for reading, kept for the next query. */
export interface ReadConnections {
  /** Takes one, in a read transaction that sees what is committed now. @throws what SQLite throws. */
  readonly take: () => ReadConnection
  /** Gives one back. */
  readonly give: (connection: ReadConnection) => void
  /** Closes those that are not in use, and the others when they are given back. */
  readonly close: () => void
}

const keptIdle = 4

export const createReadConnections = (path: string): ReadConnections => {
  const idle: ReadConnection[] = []
  let closed = false
  return {
    take: () => {
      const db = idle.pop()?.db ?? openForReading(path)
      db.exec('BEGIN')
      listBlocks(db) // the snapshot is taken by the first read, not by BEGIN
      return { db, reader: createBlockReader(db) }
    },
    give: connection => {
      connection.db.exec('COMMIT')
      if (closed || idle.length >= keptIdle) connection.db.close()
      else idle.push(connection)
    },
    close: () => {
      closed = true
      for (const { db } of idle.splice(0)) db.close()
    },
  }
}
