import { StatusError } from '../../apimachinery/status.ts'
import { aroundClient, type Call } from '../../client/around.ts'
import type { Client } from '../../client/client.ts'
import { type Tracer, traced } from './trace.ts'

/** Requests to the API, by method and code (`<error>` when none came), as client-go counts them. */
export interface RequestCounts {
  all(): readonly { readonly method: string; readonly code: string; readonly count: number }[]
}

const methods: Readonly<Record<Call['verb'] | 'watch', string>> = {
  get: 'GET',
  list: 'GET',
  watch: 'GET',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  apply: 'PATCH',
  delete: 'DELETE',
  deleteCollection: 'DELETE',
}

/** `client`, whose requests are counted and, with a tracer, each a span. */
export function measured(client: Client, tracer: Tracer | undefined): { client: Client; requests: RequestCounts } {
  const counts = new Map<string, { method: string; code: string; count: number }>()
  const count = (verb: Call['verb'] | 'watch', code: string) => {
    const method = methods[verb]
    const known = counts.get(`${method} ${code}`) ?? { method, code, count: 0 }
    known.count++
    counts.set(`${method} ${code}`, known)
  }
  const codeOf = (error: unknown) => (error instanceof StatusError ? String(error.code) : '<error>')
  const counted = async <R>(about: Call, send: () => Promise<R>): Promise<R> => {
    try {
      const answer = await send()
      count(about.verb, about.verb === 'create' ? '201' : '200')
      return answer
    } catch (error) {
      count(about.verb, codeOf(error))
      throw error
    }
  }
  const around = aroundClient(client, {
    call: (about, send) => {
      if (!tracer) return counted(about, send)
      const { verb, resource, namespace = '', name, subresource = '' } = about
      const attributes = { 'k8s.resource': resource.resource, 'k8s.namespace.name': namespace, 'k8s.name': name, subresource }
      return traced(tracer, `${verb} ${resource.resource}`, { attributes }, () => counted(about, send))
    },
    async *watch(r, o) {
      try {
        yield* client.watch(r, o)
        count('watch', '200')
      } catch (error) {
        count('watch', codeOf(error))
        throw error
      }
    },
  })
  return { client: around, requests: { all: () => [...counts.values()] } }
}
