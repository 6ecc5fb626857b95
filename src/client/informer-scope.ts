import { matchesRequirements, parseSelector } from '../apimachinery/label-selector.ts'
import type { KubeObject } from '../apimachinery/object.ts'

/** Which objects of a resource are kept, and what of them. */
export interface InformerScope<T extends KubeObject = KubeObject> {
  readonly namespace?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
  /** Only metadata is fetched and kept. */
  readonly metadataOnly?: boolean
  /** What is kept of an object; its metadata stays whole but for managedFields. Must be the same function for the same scope. */
  readonly project?: (object: T) => T
}

/** Whether an object is in a scope; undefined where that can't be told from here. */
export function scopeTest(scope: Pick<InformerScope, 'namespace' | 'labelSelector' | 'fieldSelector'>) {
  const selector = scope.labelSelector ? parseSelector(scope.labelSelector) : undefined
  return ({ metadata }: KubeObject): boolean | undefined => {
    if (scope.namespace !== undefined && metadata.namespace !== scope.namespace) return false
    if (selector && !matchesRequirements(selector, metadata.labels)) return false
    return scope.fieldSelector ? undefined : true
  }
}

/** What a scope keeps of an object, frozen. */
export function keeper<T extends KubeObject>({ metadataOnly, project }: InformerScope<T>): (object: T) => T {
  if (!metadataOnly && !project) return freeze
  return (object) => {
    const { managedFields, ...metadata } = object.metadata
    const { apiVersion, kind } = object
    const type = { ...(apiVersion ? { apiVersion } : {}), ...(kind ? { kind } : {}) }
    return freeze({ ...type, ...(project && !metadataOnly ? project(object) : {}), metadata } as T)
  }
}

/** Freezes what a client parsed for us; what is frozen already is left as it is. */
function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const inner of Object.values(value)) freeze(inner)
  return Object.freeze(value)
}
