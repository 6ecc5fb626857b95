import type { ApiResponse } from '../request.ts'

/** There is no place for a request now. */
export class TooManyRequests extends Error {
  readonly retryAfterSeconds: number
  /** Told with the refusal. */
  readonly headers: Readonly<Record<string, string>>

  constructor(retryAfterSeconds = 1, headers: Readonly<Record<string, string>> = {}) {
    super('Too many requests, please try again later.')
    this.name = 'TooManyRequests'
    this.retryAfterSeconds = retryAfterSeconds
    this.headers = headers
  }

  /** kube-apiserver refuses in plain text, before it looks at what the client accepts. */
  get response(): ApiResponse {
    const headers = {
      ...this.headers,
      'content-type': 'text/plain; charset=utf-8',
      'retry-after': String(this.retryAfterSeconds),
      'x-content-type-options': 'nosniff',
    }
    return { status: 429, headers, body: { bytes: Buffer.from(`${this.message}\n`) } }
  }
}
