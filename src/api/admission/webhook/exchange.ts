/** One request of those that a post may come to. */
export interface Exchange {
  readonly url: URL
  readonly method: 'GET' | 'POST'
  readonly referer: string | undefined
}

/** Nothing was answered. */
export class PostError extends Error {
  /** Where that was, when a redirect led there. */
  readonly at: string | undefined

  constructor(message: string, at?: string) {
    super(message)
    this.at = at
  }
}

/** As Go's errors show it. */
export function shownUrl(url: URL): string {
  if (url.password === '') return url.href
  const shown = new URL(url)
  shown.password = '***'
  return shown.href
}
