import type { ApiResponse } from '../../../src/api/request.ts'
import { admin, testApi } from '../test-api.ts'

const never = new AbortController().signal

interface Answer {
  readonly status: number
  readonly text: string
}

interface Asking {
  /** One request with bytes, as it would come over the wire. */
  ask(method: string, target: string, body?: string | Uint8Array, headers?: Record<string, string>): Promise<Answer>
  readonly api: Awaited<ReturnType<typeof testApi>>['api']
}

export async function asking(): Promise<Asking> {
  const { api } = await testApi()
  return {
    api,
    async ask(method, target, body, headers = {}) {
      const mark = target.indexOf('?')
      const response = await api.handle({
        method,
        path: mark < 0 ? target : target.slice(0, mark),
        query: new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1)),
        headers,
        user: admin,
        signal: never,
        ...(body === undefined ? {} : { body: typeof body === 'string' ? Buffer.from(body) : body }),
      })
      return { status: response.status, text: textOf(response) }
    },
  }
}

function textOf({ body }: ApiResponse): string {
  if ('bytes' in body) return Buffer.from(body.bytes).toString()
  return 'chunks' in body ? Buffer.concat(body.chunks).toString() : ''
}
