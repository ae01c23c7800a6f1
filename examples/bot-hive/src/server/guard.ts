import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { HiveError } from '@hivekit/errors'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { isLoopback, type HiveConfig } from '../config.ts'
import { sendError } from './problems.ts'

const contentSecurityPolicy = [
  "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data: blob:", "font-src 'self'", "connect-src 'self'",
  "manifest-src 'self'", "worker-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
  "require-trusted-types-for 'script'", "trusted-types hive-worker",
].join('; ')

const cookieName = 'hive'
const open = new Set(['/livez', '/readyz', '/api/sign-in', '/api/hive'])

/** Who may talk to the hive, and what a browser may do with its answers. */
export const registerGuard = (app: FastifyInstance, { host, token, allowedHosts }: HiveConfig) => {
  const cookie = token === undefined ? undefined : createHmac('sha256', token).update('hive cookie 1').digest('base64url')

  const isOurHost = (given: string) => {
    const name = given.toLowerCase().replace(/:\d+$/, '')
    // Behind a token a foreign name gains nothing; without one it would be how another site reaches in (DNS rebinding).
    return token !== undefined && !isLoopback(host) ? true
      : isLoopback(name.replace(/^\[|\]$/g, '')) || allowedHosts.includes(name)
  }

  const isSignedIn = ({ headers }: FastifyRequest) => {
    if (token === undefined) return true
    const bearer = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1]
    if (bearer !== undefined) return same(bearer, token)
    const sent = (headers.cookie ?? '').split(/; */).find(pair => pair.startsWith(`${cookieName}=`))?.slice(cookieName.length + 1)
    return sent !== undefined && same(sent, cookie!)
  }

  app.addHook('onRequest', async (request, reply) => {
    reply.headers({
      'content-security-policy': contentSecurityPolicy,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    })
    const sent = request.headers.host ?? ''
    if (!isOurHost(sent)) return sendError(reply, new HiveError('forbidden', `The host "${sent}" is not this hive's. Name it in HIVE_ALLOWED_HOSTS if it is.`))

    const { origin } = request.headers
    if (origin !== undefined && !isSameOrigin(origin, sent)) return sendError(reply, new HiveError('forbidden', `The origin "${origin}" may not use this hive.`))

    const path = request.url.split('?')[0]!
    const guarded = path.startsWith('/api/') || path === '/metrics'
    if (guarded && !open.has(path) && !isSignedIn(request)) return sendError(reply, new HiveError('unauthenticated', 'Sign in with the token of this hive.'))
  })

  return {
    /** The cookie that a right token earns. */
    signIn: (given: string): string | undefined =>
      token !== undefined && same(given, token) ? `${cookieName}=${cookie}; Path=/; HttpOnly; SameSite=Strict; Max-Age=2592000` : undefined,
  }
}

const isSameOrigin = (origin: string, host: string) => {
  try {
    return new URL(origin).host === host.toLowerCase() || new URL(origin).host === new URL(`http://${host}`).host
  } catch {
    return false
  }
}

const same = (a: string, b: string) => timingSafeEqual(digest(a), digest(b))
const digest = (text: string) => createHash('sha256').update(text).digest()
