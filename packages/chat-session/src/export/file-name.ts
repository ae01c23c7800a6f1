/** Names that Windows keeps for devices. */
const reserved = /^(con|prn|aux|nul|com\d|lpt\d)$/i

/** Makes a name that is safe as a file's on every system; one made of nothing usable becomes the fallback. */
export const safeFileName = (name: string, fallback: string): string => {
  const clean = name
    .toWellFormed()
    .normalize('NFC')
    .replaceAll(/[\p{C}\p{Zl}\p{Zp}<>:"/\\|?*]+/gu, ' ')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/^[. ]+|[. ]+$/g, '')
  const cut = Array.from(clean).slice(0, 100).join('').trimEnd().replace(/\.+$/, '')
  return cut === '' || reserved.test(cut.split('.')[0]!) ? fallback : cut
}
