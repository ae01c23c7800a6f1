/** A thing in a store. */
export interface StoredObject {
  /** Its name within the store, with `/` between parts. */
  readonly key: string
  /** Size in bytes. */
  readonly bytes: number
  /** When it was last written, epoch milliseconds, by the store's clock. */
  readonly modifiedAt: number
}

/** What a write that never finished left behind. */
export interface Leftover {
  /** What the store calls it; give it to {@link StoreLock.removeLeftover}. */
  readonly name: string
  /** Size in bytes; 0 when the store does not say. */
  readonly bytes: number
  /** When it was begun or last written, epoch milliseconds. */
  readonly modifiedAt: number
  /** What it is, in words. */
  readonly reason: string
}

/** What a finished write amounted to. */
export interface WrittenObject {
  /** Size in bytes. */
  readonly bytes: number
  /** SHA-256 of the content, in hex. */
  readonly sha256: string
}

/** The right to change a store. At most one exists at a time; after a takeover every method of the old one fails with `conflict`. */
export interface StoreLock extends AsyncDisposable {
  /** Grows with every holder. Whoever has the greater one is the later. */
  readonly fence: number
  /** Aborted, with a `conflict` as its reason, when the lock was lost. */
  readonly lost: AbortSignal
  /**
   * Writes an object whole or not at all, durable when it resolves, and reads it back before it becomes visible.
   * Fails with `conflict` when the key exists and `replace` is not set.
   */
  write(
    key: string, content: Uint8Array | AsyncIterable<Uint8Array>,
    options?: { /** Writes over what is there. */ readonly replace?: boolean; /** Cancels. */ readonly signal?: AbortSignal | undefined },
  ): Promise<WrittenObject>
  /** Removes an object; one that is not there is no failure. */
  remove(key: string, options?: { /** Cancels. */ readonly signal?: AbortSignal | undefined }): Promise<void>
  /** Removes what {@link BackupStore.leftovers} listed. */
  removeLeftover(name: string): Promise<void>
}

/**
 * Where backups are kept: flat names, whole objects, one writer. Methods reject with a `HiveError`:
 * `not_found`, `conflict`, `storage_full`, `forbidden`, `unavailable`, `dependency_failed` or `cancelled`.
 * Implement it to keep backups elsewhere; the package's contract suite says what is expected.
 */
export interface BackupStore extends AsyncDisposable {
  /** Where it is, for people: a folder's path or `s3://bucket/prefix`. */
  readonly location: string
  /** Looks one object up; undefined when there is none. */
  stat(key: string, options?: { /** Cancels. */ readonly signal?: AbortSignal | undefined }): Promise<StoredObject | undefined>
  /** Reads an object or part of it: from byte `start` up to but not including `end`. */
  read(
    key: string, options?: { /** First byte. */ readonly start?: number; /** Byte after the last. */ readonly end?: number; /** Cancels. */ readonly signal?: AbortSignal | undefined },
  ): AsyncIterable<Uint8Array>
  /** Lists the objects whose keys begin with a prefix, in the order of their keys. */
  list(prefix: string, options?: { /** Cancels. */ readonly signal?: AbortSignal | undefined }): AsyncIterable<StoredObject>
  /** Lists what unfinished writes left behind. */
  leftovers(options?: { /** Cancels. */ readonly signal?: AbortSignal | undefined }): AsyncIterable<Leftover>
  /** Takes the lock, waiting up to `waitMs` (default 0) for a living holder; then fails with `conflict`. */
  lock(options?: { /** How long to wait, in ms. */ readonly waitMs?: number; /** Cancels. */ readonly signal?: AbortSignal | undefined }): Promise<StoreLock>
  /** Bytes that can still be written, where the store knows. */
  freeBytes?(): Promise<number | undefined>
}
