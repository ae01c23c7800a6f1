import { Agent, request, type IncomingMessage } from 'node:http'

/** People who each send the next message when the reply to the last one is complete. */
export interface Load {
  /** From sending to the complete reply, in milliseconds, one for each exchange. */
  readonly latencies: number[]
  /** Ends it after the exchanges in flight. */
  stop(): Promise<void>
}

const agent = new Agent({ keepAlive: true, maxSockets: Infinity })

/** One HTTP exchange over a kept connection; resolves to the response, of which `json` reads the body. */
const send = (url: string, method: string, body?: unknown) => new Promise<IncomingMessage>((resolve, reject) => {
  const text = body === undefined ? undefined : JSON.stringify(body)
  request(url, { agent, method, headers: text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) } }, resolve)
    .on('error', reject).end(text)
})

const json = async (response: IncomingMessage) => {
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) text += chunk as string
  return JSON.parse(text) as Record<string, string>
}

/** How long a GET takes, in milliseconds. */
export const timeGet = async (url: string): Promise<number> => {
  const start = performance.now()
  const response = await send(url, 'GET')
  response.resume()
  await new Promise(resolve => response.on('end', resolve))
  return performance.now() - start
}

/** Begins with `users` people, each in a session of their own with an event stream of their own. */
export const startLoad = async (url: string, botId: string, users: number): Promise<Load> => {
  const latencies: number[] = []
  let going = true

  const begin = async (user: number) => {
    const { id } = await json(await send(`${url}/api/bots/${botId}/sessions`, 'POST', {}))
    const events = (await send(`${url}/api/events?session=${id}`, 'GET')).setEncoding('utf8')
    // The stream may tell of the end before the answer to the POST is read: remember those that ended.
    const ended = new Set<string>()
    let waiting: { readonly id: string; readonly resolve: () => void } | undefined
    let text = ''
    events.on('data', (chunk: string) => {
      text += chunk
      const end = text.lastIndexOf('\n\n')
      if (end < 0) return
      for (const frame of text.slice(0, end).split('\n\n')) {
        if (!frame.includes('event: message') || !frame.includes('"state":"complete"') || !frame.includes('"role":"bot"')) continue
        const { message } = JSON.parse(frame.slice(frame.indexOf('data: ') + 6)) as { message: { id: string } }
        if (waiting?.id === message.id) waiting.resolve()
        else ended.add(message.id)
      }
      text = text.slice(end + 2)
    })
    const talk = async () => {
      for (let n = 0; going; n++) {
        const start = performance.now()
        const { replyId } = await json(await send(`${url}/api/sessions/${id}/messages`, 'POST', { text: `Message ${n} of user ${user}: how is the fleet today?` }))
        if (replyId === undefined) throw new Error('A message was not accepted.')
        if (!ended.delete(replyId)) await new Promise<void>(resolve => (waiting = { id: replyId, resolve }))
        latencies.push(performance.now() - start)
      }
      events.destroy()
    }
    return talk
  }

  const talks = await Promise.all(Array.from({ length: users }, (_, user) => begin(user)))
  const all = Promise.all(talks.map(talk => talk()))
  return {
    latencies,
    stop: async () => {
      going = false
      await all
    },
  }
}
