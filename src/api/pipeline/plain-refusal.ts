import type { ApiResponse } from '../request.ts'

/** What kube-apiserver refuses in plain text, before it looks at what the client accepts. */
export class PlainRefusal extends Error {
  readonly code: number
  /** Told with the refusal. */
  readonly headers: Readonly<Record<string, string>>

  constructor(code: number, text: string, headers: Readonly<Record<string, string>> = {}) {
    super(text)
    this.name = 'PlainRefusal'
    this.code = code
    this.headers = headers
  }

  get response(): ApiResponse {
    const headers = { ...this.headers, 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' }
    return { status: this.code, headers, body: { bytes: Buffer.from(`${this.message}\n`) } }
  }
}
