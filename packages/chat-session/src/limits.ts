/** The sizes beyond which a write is refused as `too_large`. */
export interface SessionLimits {
  /** The prose of one message, in bytes of UTF-8. Default 1 MiB. */
  readonly maxTextBytes?: number
  /** All parts and attachments' descriptions of one message, as JSON in bytes of UTF-8. Default 4 MiB. */
  readonly maxMessageBytes?: number
  /** How many parts one message has. Default 2,000. */
  readonly maxParts?: number
  /** How many attachments one message has. Default 32. */
  readonly maxAttachments?: number
  /** A session's title, in characters. Default 500. */
  readonly maxTitleChars?: number
  /** A session's own data, as JSON in bytes of UTF-8. Default 16 KiB. */
  readonly maxDataBytes?: number
  /** One attachment's file, in bytes. Default 25 MiB. */
  readonly maxAttachmentBytes?: number
  /** A document to import, in bytes. It is held in memory. Default 256 MiB. */
  readonly maxImportBytes?: number
}

/** The limits that hold where an option says nothing. */
export const defaultLimits: Required<SessionLimits> = {
  maxTextBytes: 1024 * 1024,
  maxMessageBytes: 4 * 1024 * 1024,
  maxParts: 2_000,
  maxAttachments: 32,
  maxTitleChars: 500,
  maxDataBytes: 16 * 1024,
  maxAttachmentBytes: 25 * 1024 * 1024,
  maxImportBytes: 256 * 1024 * 1024,
}
