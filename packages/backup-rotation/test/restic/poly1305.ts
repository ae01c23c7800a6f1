import { createCipheriv } from 'node:crypto'

const prime = (1n << 130n) - 5n
const littleEndian = (bytes: Uint8Array): bigint => bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n)

/** Poly1305-AES of D. J. Bernstein's paper, as restic authenticates its files: `k` keys AES, `r` is clamped, the nonce is the IV. */
export const poly1305Aes = (message: Buffer, nonce: Buffer, k: Buffer, r: Buffer): Buffer => {
  const cipher = createCipheriv('aes-128-ecb', k, null).setAutoPadding(false)
  const pad = littleEndian(cipher.update(nonce))
  const multiplier = littleEndian(r) & 0x0ffffffc0ffffffc0ffffffc0fffffffn
  let sum = 0n
  for (let at = 0; at < message.length; at += 16) {
    const block = message.subarray(at, at + 16)
    sum = ((sum + littleEndian(block) + (1n << BigInt(8 * block.length))) * multiplier) % prime
  }
  const mac = Buffer.alloc(16)
  const value = (sum + pad) & ((1n << 128n) - 1n)
  mac.writeBigUInt64LE(value & 0xffffffffffffffffn, 0)
  mac.writeBigUInt64LE(value >> 64n, 8)
  return mac
}
