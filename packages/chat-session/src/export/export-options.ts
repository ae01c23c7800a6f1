/** The forms a session can be taken away in. */
export type ExportFormat = 'json' | 'markdown' | 'text' | 'zip' | 'pdf'

/** How to export a session. */
export interface ExportOptions {
  /** `json` restores losslessly, attachments and all; `zip` bundles JSON, Markdown and the attachments' files. */
  readonly format: ExportFormat
  /** The time zone that times are shown in, an IANA name. JSON has epoch milliseconds. Default `UTC`. */
  readonly timeZone?: string
  /** The document's language, a BCP 47 tag. Default `en`. */
  readonly language?: string
  /**
   * Fontsource packages that a PDF takes characters from which DejaVu lacks, such as `@fontsource/noto-sans-jp`, before
   * those that are looked for anyway (Noto Sans SC, JP, KR, TC and some others). One that is not installed is passed over.
   */
  readonly fontFamilies?: readonly string[]
  /** Is told how many messages are done, now and then. */
  readonly onProgress?: (progress: ExportProgress) => void
  /** Gives the export up: the stream then fails with a `cancelled` error. */
  readonly signal?: AbortSignal
}

/** How far an export is. */
export interface ExportProgress {
  /** Messages written. */
  readonly done: number
  /** Messages there are. */
  readonly total: number
}

/** A session on its way out. */
export interface ExportedSession {
  /** A file name made of the session's title, safe on every system. */
  readonly fileName: string
  /** The IANA media type. */
  readonly mediaType: string
  /**
   * The bytes, made as they are read; reading no further costs no more. Failing on the way, it throws a `HiveError`.
   * The same session gives the same bytes.
   */
  readonly content: AsyncIterable<Uint8Array>
}
