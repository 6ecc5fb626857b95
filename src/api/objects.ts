import type { KubeObject } from '../apimachinery/object.ts'
import type { Resource } from '../apimachinery/resource.ts'

/**
 * The API server's own view of stored objects, parsed once and frozen, kept current by the store's commits.
 * Authorizers and admission plugins read from it; nothing outside src/api does.
 */
export interface Objects {
  get<T extends KubeObject>(resource: Resource<T>, namespace: string | undefined, name: string): T | undefined
  list<T extends KubeObject>(resource: Resource<T>, namespace?: string): readonly T[]
  /** Calls `listener` synchronously after each commit that changed an object of `resource`. Returns the unsubscribe. */
  onChange<T extends KubeObject>(resource: Resource<T>, listener: (now: T | undefined, before: T | undefined) => void): () => void
}
