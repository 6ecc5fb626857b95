import type { ApiRequest } from '../request.ts'
import { PlainRefusal } from './plain-refusal.ts'

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

/** Nobody could say whether the request is allowed (k8s.io/apiserver's responsewriters.InternalError). */
export class Unauthorizable extends PlainRefusal {
  constructor({ path, query }: Pick<ApiRequest, 'path' | 'query'>, why: string) {
    const asked = JSON.stringify(query.size > 0 ? `${path}?${query}` : path)
    super(
      500,
      `Internal Server Error: ${asked}: ${why}`.replace(/[&<>]/g, (c) => escapes[c] ?? c),
    )
    this.name = 'Unauthorizable'
  }
}
