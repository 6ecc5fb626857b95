import type { Clock } from '../apimachinery/clock.ts'
import { controllerOf, type KubeObject } from '../apimachinery/object.ts'
import type { Resource } from '../apimachinery/resource.ts'
import type { Client } from '../client/client.ts'
import type { InformerScope } from '../client/informer-scope.ts'
import type { InformerSet } from '../client/informer-set.ts'
import type { EventType } from './events.ts'
import type { Log } from './log.ts'

/** Run again after this time, whether or not something changes. */
export interface Result {
  readonly requeueAfterMs?: number
}

/** What a reconcile may use. `client` writes are in the informers by the time they resolve. */
export interface Context {
  readonly client: Client
  readonly informers: InformerSet
  readonly clock: Clock
  /** In [0, 1). */
  readonly random: () => number
  /** Of the object that is worked on. */
  readonly key: string
  /** Aborts when the controller stops, its term ends or the deadline of this run has passed. */
  readonly signal: AbortSignal
  readonly log: Log
  /** The object's children: those of `resource` whose controlling owner is `owner`. */
  children<C extends KubeObject>(resource: Resource<C>, owner: KubeObject): readonly C[]
  /** Records an Event about `object` (default: as of the controller's own kind). */
  event(object: KubeObject, type: EventType, reason: string, message: string, resource?: Resource<never>): void
}

/** A resource whose changes concern objects of another: `keys` says which (asked for the object after and before a change). */
export interface Watch {
  readonly resource: Resource
  readonly keys: (object: KubeObject, informers: InformerSet) => Iterable<string>
  /** Whether a change matters; always when absent. */
  readonly when?: (now: KubeObject | undefined, before: KubeObject | undefined) => boolean
}

export interface Controller<T extends KubeObject = KubeObject> {
  /** Such as `deployment-controller`: in events, logs and metrics. */
  readonly name: string
  readonly for: Resource<T>
  /** Resources whose objects have one of ours as controlling owner. */
  readonly owns?: readonly Resource[]
  readonly watches?: readonly Watch[]
  /** Other resources that `reconcile` reads from the informers. */
  readonly reads?: readonly Resource[]
  /** Which objects of a resource it needs to know, and what of them; all and everything when absent. */
  readonly scopeOf?: (resource: Resource) => InformerScope
  /** More indexes of our own kind. */
  readonly indexes?: Readonly<Record<string, (object: T) => readonly string[]>>
  /** Whether a change of our own kind matters; always when absent. */
  readonly when?: (now: T | undefined, before: T | undefined) => boolean
  /** How many objects are worked on at once (8). */
  readonly workers?: number
  /** A run that takes longer is aborted and retried; never when absent. */
  readonly deadlineMs?: number
  /** Every object is reconciled at least this often; only on changes when absent. */
  readonly resyncMs?: number
  /** Warns of objects that are reconciled over and over without having changed. */
  readonly detectsLoops?: boolean
  /** Brings one object closer to what it asks for. What it throws is retried with back-off. */
  reconcile(object: T, context: Context): Promise<Result | undefined>
  /** Told of each object while a kind that the controller needs is not served, `kind` in words. */
  blocked?(object: T, kind: string, context: Context): Promise<void>
  /** Told of keys whose object is gone. */
  removed?(key: string, context: Context): Promise<void>
}

/** Types `controller` by its kind; lists of controllers hold it without that type. */
export const defineController = <T extends KubeObject>(controller: Controller<T>): Controller =>
  controller as unknown as Controller

/** A typed `Watch`. */
export function watching<T extends KubeObject>(
  resource: Resource<T>,
  keys: (object: T, informers: InformerSet) => Iterable<string>,
  when?: (now: T | undefined, before: T | undefined) => boolean,
): Watch {
  return { resource, keys, ...(when ? { when } : {}) } as unknown as Watch
}

/** The key of the controlling owner, when it is of `resource`'s group and kind (in any version). */
export function ownerKey(object: KubeObject, resource: Resource): string | undefined {
  const owner = controllerOf(object)
  if (!owner || owner.kind !== resource.kind) return undefined
  const group = owner.apiVersion.includes('/') ? owner.apiVersion.slice(0, owner.apiVersion.indexOf('/')) : ''
  if (group !== resource.group) return undefined
  return resource.namespaced ? `${object.metadata.namespace}/${owner.name}` : owner.name
}
