import type { FieldError } from '../../apimachinery/field-error.ts'
import type { KubeObject } from '../../apimachinery/object.ts'

/** What a strategy may look at besides the object. */
export interface KindContext {
  /** RFC 3339 in seconds. */
  readonly now: string
  readonly user: string
  /** The subresource being written: `status`, `scale`, `resize`, `ephemeralcontainers`, `finalize`, `approval`; '' for the object itself. */
  readonly subresource: string
  readonly isApply: boolean
}

/**
 * Everything particular about one built-in kind, besides what its schema says. One file a group in src/api/kinds/<group>/<kind>.ts.
 * Objects given to `defaults` and `prepare*` are private copies that may be changed in place; old objects are frozen.
 */
export interface Kind<T extends KubeObject = KubeObject> {
  /** `apps/v1/Deployment`, `v1/Pod`. */
  readonly gvk: string
  /** Sets what is not set (k8s.io/kubernetes/pkg/apis/<group>/<version>/defaults.go). Runs after every decode, so it must be idempotent. */
  readonly defaults?: (object: T) => void
  /** Before create: drops what a client may not set (status) and disabled fields. metadata is the pipeline's. */
  readonly prepareForCreate?: (object: T, context: KindContext) => void
  /** Before update of the object or a subresource: resets to `old` what this endpoint may not change. Generation: see `specFields`. */
  readonly prepareForUpdate?: (object: T, old: T, context: KindContext) => void
  /** All problems of a new object, in Kubernetes' order, with its texts. ObjectMeta is validated by the pipeline (see `nameRule`). */
  readonly validate?: (object: T, context: KindContext) => FieldError[]
  /** All problems of an update, immutability included. */
  readonly validateUpdate?: (object: T, old: T, context: KindContext) => FieldError[]
  readonly warnings?: (object: T, old: T | undefined, context: KindContext) => string[]
  /** The rule of metadata.name; default DNS subdomain. Returns what is wrong, or undefined. */
  readonly nameRule?: (name: string) => string | undefined
  /** The fields whose change raises metadata.generation (default: ['spec'] when the kind has generation, [] when it never has one). */
  readonly specFields?: readonly (keyof T & string)[]
  /** Fields that server-side apply may not own at each endpoint (GetResetFields): '' = the object, 'status' = the status endpoint. */
  readonly resetFields?: Readonly<Record<string, readonly (readonly string[])[]>>
  /** Cells of the Table row in the order of schemas/kubernetes/table-columns.json; ages are RFC 3339 → printed by the pipeline's `age`. */
  readonly cells?: (object: T, now: number) => unknown[]
  /** Field selectors besides metadata.name and metadata.namespace. */
  readonly selectableFields?: Readonly<Record<string, (object: T) => string>>
  /** A PUT to a name that does not exist creates it. */
  readonly allowCreateOnUpdate?: boolean
  /** An update without resourceVersion is allowed (default true; false: services' like rules). */
  readonly allowUnconditionalUpdate?: boolean
  /** What DELETE does by default when propagationPolicy is not given: default 'background'. */
  readonly defaultPropagation?: 'background' | 'orphan'
  /** Grace: how many seconds before a deleted object is removed (pods); 0 or undefined: at once. */
  readonly gracePeriod?: (object: T, requested: number | undefined) => number
}

/** Declares a kind; only gives the literal its type. */
export function kind<T extends KubeObject>(definition: Kind<T>): Kind<T> {
  return definition
}
