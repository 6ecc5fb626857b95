import type { KubeObject } from '../../apimachinery/object.ts'
import type { Resource } from '../../apimachinery/resource.ts'
import type { Kind } from '../kinds/kind.ts'
import type { ScalePaths } from '../subresources/scale.ts'
import type { ObjectRules } from './rules.ts'

export interface GroupVersionKind {
  readonly group: string
  readonly version: string
  readonly kind: string
}

export interface ServedSubresource {
  readonly name: string
  readonly verbs: ReadonlySet<string>
  /** What its requests and answers are, e.g. autoscaling/v1 Scale. */
  readonly kind: GroupVersionKind
}

/** How the objects of a resource are kept, whichever version they are asked for in. */
export interface Storage {
  /** `/registry/apps/deployments/` */
  readonly prefix: string
  readonly group: string
  readonly resource: string
  readonly version: string
  readonly kind: string
  readonly namespaced: boolean
}

export interface Column {
  readonly name: string
  readonly type: string
  readonly format: string
  readonly description: string
  readonly priority: number
}

/** One resource in one version, built-in or custom. */
export interface ServedResource extends Resource {
  readonly listKind: string
  readonly singular: string
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
  readonly verbs: ReadonlySet<string>
  readonly subresources: ReadonlyMap<string, ServedSubresource>
  /** undefined: nothing is stored (reviews, bindings, component statuses). */
  readonly storage: Storage | undefined
  readonly rules: ObjectRules
  readonly strategy: Kind
  /** Cells besides those of `strategy.cells`: custom resources' columns. */
  readonly columns: readonly Column[]
  readonly isCustom: boolean
  /** The definition of a custom kind is being deleted: no object of it can be made any more. */
  readonly isTerminating?: boolean
  /** The schema of a custom kind as its definition has it. */
  readonly openApiSchema?: object
  /** The schemas of a custom kind and its list kind as OpenAPI documents show them, by name. */
  readonly published?: (document: 'v2' | 'v3') => ReadonlyMap<string, Readonly<Record<string, unknown>>>
  /** Where a custom kind keeps its replicas. */
  readonly scale?: ScalePaths
  /** Warned of at each request, e.g. `v1 Endpoints is deprecated in v1.33+; …`. */
  readonly deprecation?: string
  /** From the storage version to this one and back; undefined where they are the same. */
  readonly conversion?: Conversion
  /** Of a custom kind of several versions: webhooks and policies that name another one are asked about its writes too. */
  readonly alsoServed?: AlsoServed
}

/** The versions besides one in which the same objects are served. */
export interface AlsoServed {
  readonly versions: readonly string[]
  /** Throws (or rejects with) an Error when the conversion webhook cannot be asked or answers wrongly. */
  convert(object: KubeObject, version: string): KubeObject | Promise<KubeObject>
}

export interface Conversion {
  /** A webhook is asked, which may fail. */
  readonly asksWebhook?: boolean
  fromStorage(object: KubeObject): KubeObject | Promise<KubeObject>
  toStorage(object: KubeObject): KubeObject | Promise<KubeObject>
}

/** The key of an object in the store. */
export function keyIn(storage: Storage, namespace: string | undefined, name: string): string {
  return storage.namespaced ? `${storage.prefix}${namespace}/${name}` : storage.prefix + name
}

/** `apps/v1/Deployment`, `v1/Pod`: how src/api/kinds names a kind. */
export function gvkText({ group, version, kind }: GroupVersionKind): string {
  return group === '' ? `${version}/${kind}` : `${group}/${version}/${kind}`
}
