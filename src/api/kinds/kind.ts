import type { FieldError } from '../../apimachinery/field-error.ts'
import type { KubeObject, ObjectMeta } from '../../apimachinery/object.ts'
import type { Steps } from '../../apimachinery/steps.ts'

/** What a strategy may look at besides the object. */
export interface KindContext {
  /** RFC 3339 in seconds. */
  readonly now: string
  readonly user: string
  /** All that is known of the user; for kinds that record who asks (CertificateSigningRequest). */
  readonly userInfo?: {
    readonly uid?: string
    readonly groups: readonly string[]
    readonly extra?: Readonly<Record<string, readonly string[]>>
  }
  /** The subresource being written: `status`, `scale`, `resize`, `ephemeralcontainers`, `finalize`, `approval`; '' for the object itself. */
  readonly subresource: string
  /** The group, version and kind that the client named, e.g. `events.k8s.io/v1/Event` for what is stored as `v1/Event`. */
  readonly requested: string
  /** The labels of the namespace that the object is in. */
  readonly namespaceLabels?: () => Readonly<Record<string, string>>
  /** Tells the client something, however the request ends. */
  readonly warn?: (message: string) => void
}

/** What is wrong: found already, or in steps, of kinds whose large objects take longer than others may wait. */
export type Problems = FieldError[] | Steps<FieldError[]>

/** Steps to what a kind's rules find. */
export function* found(problems: Problems | undefined): Steps<FieldError[]> {
  if (problems === undefined) return []
  return Array.isArray(problems) ? problems : yield* problems
}

/** Steps in which `object` gets the defaults of its kind, in place. */
export function* fillDefaults({ defaults }: Pick<Kind, 'defaults'>, object: KubeObject): Steps<void> {
  const steps = defaults?.(object)
  if (steps) yield* steps
}

/**
 * Everything particular about one built-in kind, besides what its schema says. One file a group in src/api/kinds/<group>/<kind>.ts.
 * Objects given to `defaults` and `prepare*` are private copies that may be changed in place; old objects are frozen.
 */
export interface Kind<T extends KubeObject = KubeObject> {
  /** `apps/v1/Deployment`, `v1/Pod`. */
  readonly gvk: string
  /** Sets what is not set (k8s.io/kubernetes/pkg/apis/<group>/<version>/defaults.go). Runs after every decode, so it must be idempotent. In
   *  steps of kinds whose large objects take longer than others may wait. */
  readonly defaults?: (object: T) => void | Steps<void>
  /** Before create: drops what a client may not set (status) and disabled fields. metadata is the pipeline's. */
  readonly prepareForCreate?: (object: T, context: KindContext) => void
  /** Before update of the object or a subresource: resets to `old` what this endpoint may not change. Generation: see `specFields`. */
  readonly prepareForUpdate?: (object: T, old: T, context: KindContext) => void
  /** All problems of a new object, in Kubernetes' order, with its texts. ObjectMeta is validated by the pipeline (see `nameRule`). */
  readonly validate?: (object: T, context: KindContext) => Problems
  /** All problems of an update, immutability included. */
  readonly validateUpdate?: (object: T, old: T, context: KindContext) => Problems
  readonly warnings?: (object: T, old: T | undefined, context: KindContext) => string[]
  /** The rule of metadata.name; default DNS subdomain. Returns what is wrong, one text a problem. */
  readonly nameRule?: (name: string, object: T) => readonly string[]
  /** Only the name that is made of generateName is looked at. */
  readonly ignoresGenerateName?: boolean
  /** A name is generateName as it is, without a suffix. */
  readonly keepsGenerateName?: boolean
  /** Finalizers need no domain. */
  readonly anyFinalizer?: boolean
  /** The fields whose change raises metadata.generation; every kind says it: [] when nothing does. A kind that is in `hasGeneration` starts at 1. */
  readonly specFields?: readonly (keyof T & string)[]
  /** Whether a new object gets generation 1. Default: when `specFields` is not empty. */
  readonly hasGeneration?: boolean
  /** An empty list where there was none is a change that raises metadata.generation. */
  readonly countsEmpties?: boolean
  /** Further changes that raise metadata.generation, such as a Deployment's annotations. */
  readonly raisesGeneration?: (object: T, old: T) => boolean
  /** Cells of the Table row, as printed, in the order of schemas/kubernetes/table-columns.json. `now` is in milliseconds. Default: name and creation time. */
  readonly cells?: (object: T, now: number) => unknown[]
  /** As `cells`, of a large object, where others would wait long for them. */
  readonly cellSteps?: (object: T, now: number) => Steps<unknown[]>
  /** metadata as kube-apiserver's internal form has it, which Table and PartialObjectMetadata show: without what conversion adds. */
  readonly internalMetadata?: (metadata: ObjectMeta) => ObjectMeta
  /** What conversion from the internal form makes of an empty object, such as the one of a watch's bookmark. */
  readonly fromNothing?: object
  /** Conditions of the Table row: that the object is done. */
  readonly rowConditions?: (object: T) => readonly object[] | undefined
  /** Field selectors besides metadata.name and metadata.namespace. */
  readonly selectableFields?: Readonly<Record<string, (object: T) => string>>
  /** A PUT to a name that does not exist creates it. */
  readonly allowCreateOnUpdate?: boolean
  /** A PUT or an apply of the status of an object that is not there creates it, without what is claimed for new ones. */
  readonly createsByStatus?: boolean
  /** An update without resourceVersion is allowed (default true; false: services' like rules). */
  readonly allowUnconditionalUpdate?: boolean
  /** Another version of a kind that is stored once: how it becomes the stored object and comes from it. Both may share parts with their argument. */
  readonly storedAs?: {
    readonly gvk: string
    readonly toStored: (object: T) => KubeObject
    readonly fromStored: (stored: KubeObject) => T
  }
  /** The first DELETE marks the object by this alone, in place: the server has something to do before it may go. */
  readonly beginDeletion?: (object: T, now: string) => void
  /** The field of a field selector that is not one, as Kubernetes tells it. Default: `field label not supported: <field>`. */
  readonly unknownField?: (field: string) => string
  /** Why an object of this name may not be deleted. */
  readonly refusesDeletion?: (name: string) => string | undefined
  /** false: the garbage collector knows nothing of the kind, so that DELETE asks it for nothing. */
  readonly isCollected?: boolean
  /** metadata is looked at only when the kind's own rules found nothing. */
  readonly looksAtMetadataLast?: boolean
  /** What DELETE does by default when propagationPolicy is not given: default 'background'. */
  readonly defaultPropagation?: 'background' | 'orphan'
  /** Grace: how many seconds before a deleted object is removed (pods); 0 or undefined: at once. */
  readonly gracePeriod?: (object: T, requested: number | undefined) => number
}

/** Declares a kind; only gives the literal its type. */
export function kind<T extends KubeObject>(definition: Kind<T>): Kind<T> {
  return definition
}
