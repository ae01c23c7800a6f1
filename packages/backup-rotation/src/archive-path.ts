import { HiveError } from '@hivekit/errors'

const refused = (path: string, why: string): HiveError =>
  new HiveError('data_corrupt', `Refused the archive: ${JSON.stringify(path.slice(0, 200))} ${why}. Nothing was written outside of the target.`, { details: { path } })

/** Refuses a path that could lead out of the folder it is unpacked into, on any system. */
export const checkArchivePath = (path: string): void => {
  if (path === '' || path === '.') throw refused(path, 'is no name')
  if (path.includes('\0')) throw refused(path, 'holds a NUL')
  if (path.startsWith('/') || /^[a-z]:/i.test(path)) throw refused(path, 'is absolute')
  if (process.platform === 'win32' && path.includes('\\')) throw refused(path, 'holds a backslash')
  const parts = path.split('/')
  if (parts.includes('..')) throw refused(path, 'leads out of the folder')
  if (parts.includes('') || parts.includes('.')) throw refused(path, 'is not written in its plain form')
  if (Buffer.byteLength(path) > 4_096 || parts.some(part => Buffer.byteLength(part) > 255)) throw refused(path, 'is too long')
}

/** Tells whether a link within the archive stays within it. */
export const linkStaysInside = (path: string, target: string): boolean => {
  if (target === '' || target.includes('\0') || target.startsWith('/') || /^[a-z]:/i.test(target) || target.includes('\\')) return false
  let depth = path.split('/').length - 1
  for (const part of target.split('/')) {
    if (part === '..') depth--
    else if (part !== '' && part !== '.') depth++
    if (depth < 0) return false
  }
  return true
}
