/** Answers a review that came under `path`; undefined when nothing is served there. */
export type LocalAnswer = (path: string, review: unknown) => Promise<object> | undefined

const suffix = '.webhooks.slipway.internal'
const answers = new Map<string, LocalAnswer>()
let count = 0

/** Webhooks of a part of this process: those with the URL given are asked by a call, without a connection, until `signal` aborts. */
export function serveLocally(answer: LocalAnswer, signal: AbortSignal): { url: string } {
  const host = `local-${++count}${suffix}`
  answers.set(host, answer)
  signal.addEventListener('abort', () => answers.delete(host), { once: true })
  return { url: `https://${host}` }
}

/** The answer of a webhook in this process; undefined when the URL leads elsewhere. Throws Error when nobody answers there any more. */
export function askLocally(url: string | undefined, review: object): Promise<object> | undefined {
  if (!url?.includes(suffix)) return undefined
  const { hostname, pathname } = new URL(url)
  if (!hostname.endsWith(suffix)) return undefined
  const answer = answers.get(hostname)?.(pathname, review)
  if (!answer) throw new Error(`Post ${JSON.stringify(url)}: nothing in this process serves it`)
  return answer
}
