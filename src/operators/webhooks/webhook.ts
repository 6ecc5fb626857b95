import type { KubeObject } from '../../apimachinery/object.ts'
import type { Resource } from '../../apimachinery/resource.ts'
import { type KindName, type ObjectOf, resourceOf } from '../built-in-kinds.ts'

/** What is wrong where: `{ field: 'spec.replicas', message: 'must be odd' }`. */
export interface FieldProblem {
  readonly field: string
  readonly message: string
  /** What stands there, for the reader. */
  readonly value?: unknown
}

/** What a request does to an object. */
export type Operation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT'

/** The request that a webhook is asked about. */
export interface Review<T extends KubeObject> {
  readonly operation: Operation
  /** The object before; undefined for CREATE. */
  readonly old: T | undefined
  readonly user: { readonly username?: string; readonly uid?: string; readonly groups?: readonly string[] }
  readonly namespace: string | undefined
  readonly name: string
  readonly subresource: string | undefined
  readonly dryRun: boolean
  /** Adds a warning that the client shows. */
  warn(message: string): void
}

/** Another version of a kind: `up` makes of its objects those of the operator's version, `down` the other way. Neither may lose what
 *  the other could not say: keep it in an annotation. Name, namespace, uid and labels are kept without asking. */
export interface Conversion<T extends KubeObject> {
  up(old: KubeObject & Readonly<Record<string, unknown>>): Omit<T, 'metadata'> & Partial<Pick<T, 'metadata'>>
  down(object: T): Omit<KubeObject, 'metadata'> & Readonly<Record<string, unknown>>
}

export interface WebhookPart<T extends KubeObject> {
  readonly operations?: readonly Operation[]
  /** A subresource such as `status` or `scale`; `*` for the object and all of them. */
  readonly subresource?: string
  readonly labelSelector?: Readonly<Record<string, string>>
  /** Labels of the namespace. */
  readonly namespaceSelector?: Readonly<Record<string, string>>
  /** CEL: asked only when all are true. */
  readonly matchConditions?: readonly { readonly name: string; readonly expression: string }[]
  /** What happens while the operator can't be asked. Default Fail for its own kind, Ignore for others. */
  readonly failurePolicy?: 'Fail' | 'Ignore'
  readonly validate?: (object: T, review: Review<T>) => readonly FieldProblem[] | Promise<readonly FieldProblem[]>
  readonly mutate?: (draft: T, review: Review<T>) => T | undefined | Promise<T | undefined>
}

/** Webhooks for a kind that is not the operator's own. Made by `webhook`. */
export interface Webhook extends Omit<WebhookPart<KubeObject>, 'validate' | 'mutate'> {
  readonly resource: Resource
  readonly validate?: (object: never, review: never) => readonly FieldProblem[] | Promise<readonly FieldProblem[]>
  readonly mutate?: (draft: never, review: never) => KubeObject | undefined | Promise<KubeObject | undefined>
}

/** Webhooks for another kind: `webhook('Pod', { operations: ['CREATE'], mutate: pod => … })`. */
export function webhook<K extends KindName>(kind: K, part: WebhookPart<ObjectOf<K>>): Webhook {
  return { ...part, resource: resourceOf(kind) } as unknown as Webhook
}
