import { isTrue, type RequestInfo } from '../pipeline/request-info.ts'

type Place = Pick<RequestInfo, 'group' | 'resource' | 'namespace' | 'name'>

const keyOf = ({ group, resource, namespace, name }: Place): string => `${group}/${resource}/${namespace}/${name}`

/** How many watches are open, by what they watch: so many a write has to be told to. */
export class WatchCount {
  readonly #counts = new Map<string, number>()

  /** A watch begins; gives back how it ends. */
  open(info: RequestInfo, query: URLSearchParams): () => void {
    // Watches of one node's pods hear of few events.
    if (info.resource === 'pods' && isOfOneNode(query)) return () => {}
    const key = keyOf(info)
    this.#add(key, 1)
    let isOpen = true
    return () => {
      if (isOpen) this.#add(key, -1)
      isOpen = false
    }
  }

  /** How many watches a write there may concern: those of all objects, of its namespace and of the object itself. */
  interestedIn({ group, resource, namespace, name }: Place): number {
    if (this.#counts.size === 0) return 0
    let count = this.#of({ group, resource, namespace: '', name: '' })
    if (namespace) count += this.#of({ group, resource, namespace, name: '' })
    if (name) count += this.#of({ group, resource, namespace, name })
    return count
  }

  #of(place: Place): number {
    return this.#counts.get(keyOf(place)) ?? 0
  }

  #add(key: string, n: number): void {
    const count = (this.#counts.get(key) ?? 0) + n
    if (count > 0) this.#counts.set(key, count)
    else this.#counts.delete(key)
  }
}

/** `spec.nodeName=NAME` in the field selector, with a name. */
function isOfOneNode(query: URLSearchParams): boolean {
  const terms = query.get('fieldSelector')?.split(',') ?? []
  return terms.some((term) => /^spec\.nodeName==?./.test(term) && !/^spec\.nodeName==$/.test(term))
}

/** Whether a list or watch begins with all objects there are. */
export const beginsWithList = (verb: string, query: URLSearchParams): boolean => {
  if (verb !== 'watch') return true
  if (query.has('sendInitialEvents') && isTrue(query.get('sendInitialEvents'))) return true
  const revision = query.get('resourceVersion') ?? ''
  return revision === '' || revision === '0'
}
