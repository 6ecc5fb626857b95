import type { UserInfo } from '../../src/api/request.ts'
import { systemClock } from '../../src/apimachinery/clock.ts'
import { createMemoryStore } from '../../src/store/memory/memory-store.ts'
import { memoryApi } from '../../src/testkit/api.ts'
import { admin } from './test-api.ts'

const types = {
  json: 'application/json',
  merge: 'application/merge-patch+json',
  apply: 'application/apply-patch+yaml',
  strategic: 'application/strategic-merge-patch+json',
  jsonPatch: 'application/json-patch+json',
} as const

interface Answered {
  readonly status: number
  // Any object that the API gives: tests look into it as they like.
  // biome-ignore lint/suspicious/noExplicitAny: a boundary of tests
  readonly json: any
  /** Of a refusal. */
  readonly message: string
}

type Send = (
  method: string,
  target: string,
  body?: object | string,
  type?: keyof typeof types,
  user?: UserInfo,
) => Promise<Answered>

/** Requests with bytes, as they would come over the wire, to an API with admission, roles and service addresses. */
export async function sending(): Promise<Send> {
  const api = await memoryApi({ store: createMemoryStore(), clock: systemClock, roles: false })
  const signal = new AbortController().signal
  return async (method, target, body, type = 'json', user = admin) => {
    const [path = '', query = ''] = target.split('?')
    const response = await api.handle({
      method,
      path,
      query: new URLSearchParams(query),
      headers: { 'content-type': types[type], 'user-agent': 'test' },
      user,
      signal,
      ...(body === undefined ? {} : { body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)) }),
    })
    const { body: answer } = response
    const chunks = 'bytes' in answer ? [answer.bytes] : 'chunks' in answer ? answer.chunks : []
    const text = Buffer.concat(chunks).toString()
    const json = text.startsWith('{') ? JSON.parse(text) : undefined
    return { status: response.status, json, message: json?.kind === 'Status' ? json.message : '' }
  }
}
