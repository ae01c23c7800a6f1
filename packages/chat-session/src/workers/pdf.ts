import { parentPort, workerData } from 'node:worker_threads'
import type { Message } from '../message.ts'
import { createPdfDocument, type PdfOptions } from '../pdf/pdf-document.ts'

/* The thread that writes one PDF: a batch of messages in, the bytes they made out. */

const port = parentPort!
const document = createPdfDocument(workerData as PdfOptions)

port.on('message', (messages: readonly Message[] | 'end') => {
  if (messages === 'end') document.end()
  else for (const message of messages) document.add(message)
  const bytes = document.take()
  port.postMessage(bytes)
  if (messages === 'end') port.close()
})
