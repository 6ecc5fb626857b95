// What users write operators against: declare what should exist for an object; the runtime applies it, prunes the rest, writes status.
import type { Clock } from '../apimachinery/clock.ts'
import type { KubeObject, ObjectMeta } from '../apimachinery/object.ts'
import type { Resource } from '../apimachinery/resource.ts'
import type { Client } from '../client/client.ts'
import { type KindName, type ObjectOf, resourceOf } from './built-in-kinds.ts'
import type { AnyCondition } from './conditions.ts'
import type { Duration } from './duration.ts'
import { milliseconds } from './duration.ts'
import type { EventType } from './events.ts'
import type { Log } from './log.ts'
import type { Conversion, FieldProblem, Review, Webhook } from './webhooks/webhook.ts'

/** An object as the API stored it: it has what every stored object has. */
export type Stored<T extends KubeObject> = T & {
  readonly metadata: ObjectMeta & { readonly name: string; readonly uid: string; readonly generation: number }
}

/** What is to be said of a child. Its name and namespace are the parent's unless given; its owner is always the parent. */
export type Declared<C> = { metadata?: Partial<ObjectMeta> } & Partial<Omit<C, 'metadata' | 'apiVersion' | 'kind' | 'status'>>

/** A child that was declared: what others need to refer to it. */
export interface Child<C extends KubeObject = KubeObject> {
  readonly resource: Resource<C>
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly metadata: ObjectMeta & { readonly name: string }
}

/** `true` is True; false or a text is False, with the text as message; or all of it. */
export type ConditionValue = boolean | string | Omit<AnyCondition, 'type' | 'lastTransitionTime' | 'observedGeneration'>

type StatusOf<T> = T extends { status?: infer S } ? NonNullable<S> : Record<string, unknown>

/**
 * Fields of the status by their names, and conditions by their types, which begin with a capital letter: `{ ready: 2, Ready: true }`.
 * Fields that are not named stay; an undefined one is taken out. `observedGeneration` and transition times are filled in.
 */
export type StatusUpdate<T> = {
  readonly [F in keyof Omit<StatusOf<T>, 'conditions' | 'observedGeneration'>]?: StatusOf<T>[F] | undefined
} & { readonly [type: Capitalize<string>]: ConditionValue }

/** What a reconcile gives back. */
export interface Outcome<T extends KubeObject> {
  /** Written when it says something new. */
  readonly status?: StatusUpdate<T>
  /** Reconcile again after this time, whether or not something changes. */
  readonly requeueAfter?: Duration
  /** Children that stay as they are though they were not declared: those of which could not be told yet whether they should be. */
  readonly keep?: (child: KubeObject) => boolean
}

/** What every function of an operator is given. */
export interface Scope<T extends KubeObject> {
  readonly object: Stored<T>
  /** Its writes are in what `observed`, `read` and `list` say by the time they resolve. */
  readonly client: Client
  readonly clock: Clock
  /** In [0, 1). */
  readonly random: () => number
  /** Aborts when the operator stops, loses its lease, or `deadline` has passed. */
  readonly signal: AbortSignal
  /** Each line has the operator's name and the object's key. */
  readonly log: Log
  /** Records an Event about the object. */
  event(type: EventType, reason: string, message: string): void
}

/** What a reconcile is given: the object, and what it may do. */
export interface Reconcile<T extends KubeObject> extends Scope<T> {
  /** Declares a child of a kind in `owns`. All are applied when `reconcile` returns; children not declared again are deleted;
   *  when it throws, nothing is applied. */
  child<K extends KindName>(kind: K, declared: Declared<ObjectOf<K>>): Child<ObjectOf<K>>
  /** The child as the cluster has it; undefined before it exists. */
  observed<C extends KubeObject>(child: Child<C>): C | undefined
  /** The value that `make` gave the first time for this object, kept in a Secret that goes with the object. */
  once<V>(key: string, make: () => V | Promise<V>): Promise<V>
  /** An object of a kind in `reads` or `watches`; default namespace: the object's. */
  read<K extends KindName>(kind: K, name: string, namespace?: string): ObjectOf<K> | undefined
  /** All objects of a kind in `for`, `owns`, `reads` or `watches`, in all namespaces or one. */
  list<K extends KindName>(kind: K, namespace?: string): readonly ObjectOf<K>[]
}

/** Which objects of a kind are kept in memory, and what of them. Less is leaner: see docs/operators/reference.md. */
export interface CacheScope {
  readonly labelSelector?: string
  readonly fieldSelector?: string
  /** Default: those that the operator runs for. */
  readonly namespace?: string
  /** Only metadata is fetched and kept. */
  readonly metadata?: true
  /** What is kept of an object, such as `(pod) => ({ ...pod, spec: undefined })`; its metadata stays. */
  readonly project?: (object: never) => KubeObject
}

export interface Finder<T extends KubeObject> {
  /** The operator's objects that have `value` under the index `name` (one of `indexes`). */
  by(name: string, value: string): readonly T[]
  list(): readonly T[]
}

/** A kind whose changes concern the operator's objects. Made by `watching`. */
export interface WatchedKind extends CacheScope {
  readonly kind: KindName
  /** Whose reconcile a change of `object` asks for: objects, or their keys. Asked for the object before and after a change. */
  readonly to?: (object: never, found: Finder<KubeObject>) => Iterable<KubeObject | string>
  /** Whether a change matters; always when absent. */
  readonly when?: (now: never, before: never) => boolean
}

/** What an operator is for, and what it does. */
export interface OperatorDefinition<T extends KubeObject> {
  /** Of lower case letters, digits and dashes: names the field manager, finalizer, Lease and events. Default: the kind in lower case. */
  readonly name?: string
  /** The kind that it is for: what `slipway types` wrote, or `defineResource` defined. */
  readonly for: Resource<T>
  /** The kinds of the children. */
  readonly owns?: readonly (KindName | ({ readonly kind: KindName } & CacheScope))[]
  readonly watches?: readonly WatchedKind[]
  /** Kinds that `read` and `list` read, without being asked to reconcile when they change. */
  readonly reads?: readonly (KindName | ({ readonly kind: KindName } & CacheScope))[]
  /** Under which values an object is found: `{ secret: db => [db.spec.secretName] }`. */
  readonly indexes?: Readonly<Record<string, (object: T) => readonly string[]>>
  /** Whether a change of an object matters. Default: of its generation, labels, annotations or deletion. */
  readonly when?: (now: T | undefined, before: T | undefined) => boolean
  /** How many objects are worked on at once (8); never one object twice. */
  readonly workers?: number
  /** A run that takes longer is aborted and retried (5m). */
  readonly deadline?: Duration
  /** Each object is reconciled at least this often (10h). */
  readonly resync?: Duration
  /** Takes over objects that have the name of a child and no owner; without, that is an error. */
  readonly adopts?: boolean
  /** Brings the cluster closer to what the object asks for. What it throws is retried with back-off. */
  reconcile(context: Reconcile<T>): Promise<Outcome<T> | undefined> | Outcome<T> | undefined
  /** Called before the object goes, which it does when this returns without throwing. */
  finalize?(context: Scope<T>): Promise<unknown> | unknown
  /** Validating webhook: what is wrong with a new or changed object; nothing: []. */
  validate?(object: T, review: Review<T>): readonly FieldProblem[] | Promise<readonly FieldProblem[]>
  /** Mutating webhook: changes the draft, or returns another. Called before defaults are applied a second time and validation. */
  mutate?(draft: T, review: Review<T>): T | undefined | Promise<T | undefined>
  /** Conversion webhook: other versions, by name, to and from the one in `for`. */
  readonly convert?: Readonly<Record<string, Conversion<T>>>
  /** Webhooks for other kinds. Made by `webhook`. */
  readonly webhooks?: readonly Webhook[]
}

/** A kind with the scope it is kept in. */
export interface ScopedKind extends CacheScope {
  readonly resource: Resource
}

/** An operator, checked; run it with `runOperators`. */
export interface Operator<T extends KubeObject = KubeObject> {
  readonly name: string
  readonly definition: OperatorDefinition<T>
  readonly owns: readonly ScopedKind[]
  readonly reads: readonly ScopedKind[]
  readonly watches: readonly (ScopedKind & Pick<WatchedKind, 'to' | 'when'>)[]
  /** The field manager of what it applies. */
  readonly fieldManager: string
  readonly finalizer: string
}

/** A kind whose changes concern the operator's objects: `watching('Secret', { to: (secret, { by }) => by('secret', secret.metadata.name) })`. */
export function watching<K extends KindName, T extends KubeObject>(kind: K, part: Watching<ObjectOf<K>, T>): WatchedKind {
  return { kind, ...part } as unknown as WatchedKind
}

interface Watching<C extends KubeObject, T extends KubeObject> extends Omit<CacheScope, 'project'> {
  readonly to: (object: C, found: Finder<T>) => Iterable<KubeObject | string>
  readonly when?: (now: C | undefined, before: C | undefined) => boolean
  readonly project?: (object: C) => KubeObject
}

/** Defines an operator. Throws Error for what can't work: it says what and why. */
export function defineOperator<T extends KubeObject>(definition: OperatorDefinition<T>): Operator {
  const name = definition.name ?? definition.for.kind.toLowerCase()
  if (!/^[a-z0-9]([a-z0-9-]{0,40}[a-z0-9])?$/.test(name))
    throw new Error(`operator name ${JSON.stringify(name)}: lower case letters, digits and dashes, at most 42`)
  for (const duration of [definition.deadline, definition.resync]) if (duration !== undefined) milliseconds(duration)
  if (definition.workers !== undefined && !(Number.isInteger(definition.workers) && definition.workers > 0))
    throw new Error(`operator ${name}: workers must be a whole number from 1, not ${definition.workers}`)
  return Object.freeze({
    name,
    definition: definition as unknown as OperatorDefinition<KubeObject>,
    owns: (definition.owns ?? []).map(scoped),
    reads: (definition.reads ?? []).map(scoped),
    watches: (definition.watches ?? []).map(({ kind, ...rest }) => ({ ...rest, resource: resourceOf(kind) })),
    fieldManager: `slipway-operator/${name}`,
    finalizer: `operators.slipway.dev/${name}`,
  })
}

function scoped(kind: KindName | ({ readonly kind: KindName } & CacheScope)): ScopedKind {
  if (typeof kind === 'string' || 'resource' in kind) return { resource: resourceOf(kind) }
  const { kind: named, ...scope } = kind
  return { ...scope, resource: resourceOf(named) }
}
