import { constants, deflateSync } from 'node:zlib'

/** A string object of any text. */
export const pdfText = (text: string): string => {
  const utf16 = Buffer.from(`\ufeff${text.toWellFormed()}`, 'utf16le').swap16()
  return `<${utf16.toString('hex')}>`
}

/** A number with at most two decimals, which is finer than any printer. */
export const pdfNumber = (value: number): string => String(Math.round(value * 100) / 100)

/**
 * Writes the objects of a PDF 1.7 file (ISO 32000-1) in whatever order they come, and forgets them. Small objects go
 * together into compressed object streams (7.5.7); what is kept is where each object is.
 */
export interface PdfFile {
  /** Takes a number for an object to come, so that others may refer to it. */
  allocate(): number
  /** Writes an object that is no stream. */
  put(number: number, body: string): void
  /** Writes a stream, compressed. */
  putStream(number: number, entries: string, content: Uint8Array, options?: { readonly plain?: boolean }): void
  /** Ends the file. */
  end(root: number, info: number, id: string): void
  /** Takes what was written since it was last asked. */
  take(): Uint8Array
}

/** Objects in one stream: enough to compress well. */
const perStream = 200

export const createPdfFile = (): PdfFile => {
  /** Per object: its offset, or minus the number of its stream; and its place in that stream. */
  const offsets: number[] = [0]
  const places: number[] = [0]
  let chunks: Uint8Array[] = []
  let length = 0
  let gathered: { readonly number: number, readonly body: string }[] = []

  const write = (piece: string | Uint8Array) => {
    const bytes = typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece
    chunks.push(bytes)
    length += bytes.length
  }
  const allocate = () => {
    places.push(0)
    return offsets.push(0) - 1
  }
  const putStream: PdfFile['putStream'] = (number, entries, content, { plain = false } = {}) => {
    const bytes = plain ? content : deflateSync(content, { level: constants.Z_DEFAULT_COMPRESSION })
    offsets[number] = length
    write(`${number} 0 obj\n<<${entries}/Length ${bytes.length}${plain ? '' : '/Filter/FlateDecode'}>>\nstream\n`)
    write(bytes)
    write('\nendstream\nendobj\n')
  }
  const flush = () => {
    if (gathered.length === 0) return
    const stream = allocate()
    let index = ''
    let bodies = ''
    for (const [place, { number, body }] of gathered.entries()) {
      index += `${number} ${bodies.length} `
      bodies += `${body}\n`
      offsets[number] = -stream
      places[number] = place
    }
    putStream(stream, `/Type/ObjStm/N ${gathered.length}/First ${index.length}`, Buffer.from(index + bodies, 'latin1'))
    gathered = []
  }

  write('%PDF-1.7\n%\xe2\xe3\xcf\xd3\n')
  return {
    allocate,
    put(number, body) {
      gathered.push({ number, body })
      if (gathered.length === perStream) flush()
    },
    putStream,
    end(root, info, id) {
      flush()
      const number = allocate()
      const start = length
      offsets[number] = start
      const table = Buffer.alloc(offsets.length * 7)
      for (const [i, offset] of offsets.entries()) {
        const at = i * 7
        table[at] = i === 0 ? 0 : offset < 0 ? 2 : 1
        table.writeUInt32BE(Math.abs(offset), at + 1)
        table.writeUInt16BE(i === 0 ? 0xffff : places[i]!, at + 5)
      }
      putStream(number, `/Type/XRef/W[1 4 2]/Size ${offsets.length}/Root ${root} 0 R/Info ${info} 0 R/ID[<${id}><${id}>]`, table)
      write(`startxref\n${start}\n%%EOF\n`)
    },
    take() {
      const bytes = Buffer.concat(chunks)
      chunks = []
      return bytes
    },
  }
}
