/** Answers a review that came under `path`; undefined when nothing is served there. */
type LocalAnswer = (path: string, review: unknown) => Promise<object> | undefined

const suffix = '.webhooks.slipway.internal'

/** Webhooks of parts of this process, which are asked by a call, without a connection. */
export class LocalWebhooks {
  readonly #answers = new Map<string, LocalAnswer>()
  #count = 0

  /** Those with the URL given are answered so, until `signal` aborts. */
  serve(answer: LocalAnswer, signal: AbortSignal): { url: string } {
    const host = `local-${++this.#count}${suffix}`
    this.#answers.set(host, answer)
    signal.addEventListener('abort', () => this.#answers.delete(host), { once: true })
    return { url: `https://${host}` }
  }

  /** The answer of a webhook in this process; undefined when the URL leads elsewhere. Throws Error when nobody answers there any more. */
  ask(url: string | undefined, review: object): Promise<object> | undefined {
    if (!url?.includes(suffix)) return undefined
    const { hostname, pathname } = new URL(url)
    if (!hostname.endsWith(suffix)) return undefined
    const answer = this.#answers.get(hostname)?.(pathname, review)
    if (!answer) throw new Error(`Post ${JSON.stringify(url)}: nothing in this process serves it`)
    return answer
  }
}
