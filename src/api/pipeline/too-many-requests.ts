import { PlainRefusal } from './plain-refusal.ts'

/** There is no place for a request now. */
export class TooManyRequests extends PlainRefusal {
  constructor(retryAfterSeconds = 1, headers: Readonly<Record<string, string>> = {}) {
    super(429, 'Too many requests, please try again later.', { ...headers, 'retry-after': String(retryAfterSeconds) })
    this.name = 'TooManyRequests'
  }
}
