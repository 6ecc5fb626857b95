// What users write operators against: declare what should exist for an object; the runtime applies it, prunes the rest, writes status.
import { createHash } from 'node:crypto'
import type { KubeObject, ObjectMeta } from '../apimachinery/object.ts'
import { apiVersionOf, type Resource } from '../apimachinery/resource.ts'
import * as builtIn from '../apimachinery/resources.generated.ts'
import { isNotFound, StatusError } from '../apimachinery/status.ts'
import { type AnyCondition, withCondition } from './conditions.ts'
import { type Context, type Controller, defineController } from './controller.ts'
import { sameStatus } from './equality.ts'
import type { EventType } from './events.ts'
import { addFinalizer, hasFinalizer, isDeleting, removeFinalizer } from './finalizers.ts'
import { controlledBy } from './owners.ts'

/** What is to be said of a child; its name and namespace are the parent's unless given, its owner always is the parent. */
export type Declared<C> = { metadata?: Partial<ObjectMeta> } & Partial<Omit<C, 'metadata' | 'apiVersion' | 'kind'>>

/** A status: plain fields, and conditions by their type. `true` is True; a text is False, with the text as message. */
export interface Outcome {
  readonly status?: Readonly<Record<string, unknown>>
  readonly conditions?: Readonly<
    Record<string, boolean | string | Omit<AnyCondition, 'type' | 'lastTransitionTime' | 'observedGeneration'>>
  >
  readonly requeueAfterMs?: number
}

export interface Reconcile<T extends KubeObject> {
  readonly object: T
  /** Declares a child. Applied when `reconcile` returns; nothing is applied when it throws. Children not declared again are deleted. */
  child<C extends KubeObject>(resource: Resource<C>, declared: Declared<C>): ChildReference<C>
  /** The child as the cluster has it; undefined before it exists. */
  observed<C extends KubeObject>(reference: ChildReference<C>): C | undefined
  /** An object that is no child, from the informer of `resource`, which must be among `reads`. */
  read<C extends KubeObject>(resource: Resource<C>, name: string, namespace?: string): C | undefined
  event(type: EventType, reason: string, message: string): void
  readonly signal: AbortSignal
  readonly clock: Context['clock']
  readonly log: Context['log']
  readonly client: Context['client']
}

export interface ChildReference<C extends KubeObject> {
  readonly resource: Resource<C>
  readonly key: string
}

export interface OperatorDefinition<T extends KubeObject> {
  /** Of lower case letters, digits and dashes: names the field manager, finalizer and events. */
  readonly name: string
  readonly for: Resource<T>
  /** The resources that children are of: a resource, or the kind of a built-in one, such as `Deployment`. */
  readonly owns?: readonly (Resource<never> | Resource | BuiltInKind)[]
  readonly reads?: readonly Resource[]
  readonly workers?: number
  reconcile(context: Reconcile<T>): Promise<Outcome | undefined> | Outcome | undefined
  /** Called before the object goes; the object stays until it returns without throwing. */
  finalize?(context: Pick<Reconcile<T>, 'object' | 'signal' | 'clock' | 'log' | 'client' | 'event'>): Promise<void> | void
}

export type BuiltInKind =
  | 'ConfigMap'
  | 'CronJob'
  | 'DaemonSet'
  | 'Deployment'
  | 'Ingress'
  | 'Job'
  | 'NetworkPolicy'
  | 'PersistentVolumeClaim'
  | 'Role'
  | 'RoleBinding'
  | 'Secret'
  | 'Service'
  | 'ServiceAccount'
  | 'StatefulSet'

const kinds: Record<BuiltInKind, object> = {
  ConfigMap: builtIn.configmaps,
  CronJob: builtIn.cronjobs,
  DaemonSet: builtIn.daemonsets,
  Deployment: builtIn.deployments,
  Ingress: builtIn.ingresses,
  Job: builtIn.jobs,
  NetworkPolicy: builtIn.networkpolicies,
  PersistentVolumeClaim: builtIn.persistentvolumeclaims,
  Role: builtIn.roles,
  RoleBinding: builtIn.rolebindings,
  Secret: builtIn.secrets,
  Service: builtIn.services,
  ServiceAccount: builtIn.serviceaccounts,
  StatefulSet: builtIn.statefulsets,
}

const ownerLabel = 'operators.slipway.dev/owner-uid'

interface Declaration {
  readonly resource: Resource
  readonly object: KubeObject
}

/** The controller that `definition` describes; run it with `runControllers`. */
export function defineOperator<T extends KubeObject>(definition: OperatorDefinition<T>): Controller {
  if (!/^[a-z0-9]([a-z0-9-]{0,40}[a-z0-9])?$/.test(definition.name))
    throw new Error(`operator name ${JSON.stringify(definition.name)}: lower case letters, digits and dashes, at most 42`)
  const owned = (definition.owns ?? []).map((o) => (typeof o === 'string' ? kinds[o] : o)) as Resource[]
  const finalizer = `operators.slipway.dev/${definition.name}`
  const applied: Applied = new Map()
  return defineController<T>({
    name: definition.name,
    for: definition.for,
    owns: owned,
    ...(definition.reads ? { reads: definition.reads } : {}),
    ...(definition.workers ? { workers: definition.workers } : {}),
    when: isMeant,
    async reconcile(object, context) {
      if (isDeleting(object)) return finish(definition, finalizer, object, context)
      const current = definition.finalize ? await addFinalizer(context.client, definition.for, object, finalizer) : object
      const declarations = new Map<string, Declaration>()
      const outcome = await definition.reconcile(reconcileContext(definition, owned, current, context, declarations))
      await applyAll(definition, current, declarations, applied, context)
      await prune(owned, current, declarations, applied, context)
      await writeOutcome(definition, current, outcome, context)
      return outcome?.requeueAfterMs === undefined ? undefined : { requeueAfterMs: outcome.requeueAfterMs }
    },
  })
}

/** Changes of spec, labels, annotations or deletion matter; our own writes of status don't. */
function isMeant(now: KubeObject | undefined, before: KubeObject | undefined): boolean {
  if (!now || !before) return true
  const seen = ({ metadata: m }: KubeObject) =>
    JSON.stringify([m.uid, m.generation, m.labels, m.annotations, m.deletionTimestamp, m.finalizers])
  return now.metadata.generation === undefined || seen(now) !== seen(before)
}

async function finish<T extends KubeObject>(definition: OperatorDefinition<T>, finalizer: string, object: T, context: Context) {
  if (!hasFinalizer(object, finalizer)) return undefined
  const { client, signal, clock, log } = context
  const event = (type: EventType, reason: string, message: string) => context.event(object, type, reason, message)
  try {
    await definition.finalize?.({ object, signal, clock, log, client, event })
  } catch (error) {
    const { name } = object.metadata
    const freeing = `kubectl patch ${definition.for.resource} ${name} --type=merge -p '{"metadata":{"finalizers":null}}'`
    event('Warning', 'FinalizeFailed', `${(error as Error).message}. To give it up: ${freeing}`)
    throw error
  }
  await removeFinalizer(client, definition.for, object, finalizer)
  return undefined
}

const keyIn = (resource: Resource, { namespace, name }: ObjectMeta): string =>
  `${apiVersionOf(resource)}/${resource.resource}/${namespace ?? ''}/${name}`

function reconcileContext<T extends KubeObject>(
  definition: OperatorDefinition<T>,
  owned: readonly Resource[],
  object: T,
  context: Context,
  declarations: Map<string, Declaration>,
): Reconcile<T> {
  const { informers, clock, signal, log, client } = context
  return {
    object,
    clock,
    signal,
    log,
    client,
    child<C extends KubeObject>(resource: Resource<C>, declared: Declared<C>): ChildReference<C> {
      const plain = resource as unknown as Resource
      if (!owned.some((o) => o.kind === plain.kind && o.group === plain.group))
        throw new Error(`operator ${definition.name} declares a ${plain.kind}, which is not in its owns`)
      const made = childOf(definition.for, object, plain, declared as Declared<KubeObject>)
      const key = keyIn(plain, made.metadata)
      if (declarations.has(key)) throw new Error(`operator ${definition.name} declares ${plain.kind} ${made.metadata.name} twice`)
      declarations.set(key, { resource: plain, object: made })
      const { namespace, name } = made.metadata
      return { resource, key: namespace ? `${namespace}/${name}` : (name ?? '') }
    },
    observed: ({ resource, key }) => informers.of(resource).get(key),
    read: (resource, name, namespace) => informers.of(resource).get(namespace ? `${namespace}/${name}` : name),
    event: (type, reason, message) => context.event(object, type, reason, message),
  }
}

function childOf(
  parent: Resource<never> | Resource,
  owner: KubeObject,
  resource: Resource,
  declared: Declared<KubeObject>,
): KubeObject {
  const { name = owner.metadata.name, namespace = owner.metadata.namespace, ...rest } = declared.metadata ?? {}
  return {
    ...declared,
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    metadata: {
      ...rest,
      ...(name ? { name } : {}),
      ...(resource.namespaced && namespace ? { namespace } : {}),
      labels: { ...rest.labels, [ownerLabel]: owner.metadata.uid ?? '' },
      ownerReferences: [controlledBy(parent, owner)],
    },
  }
}

/** A short digest of what was declared: equal means that there is nothing to apply. */
const digestOf = (object: KubeObject): string =>
  createHash('sha256').update(JSON.stringify(object)).digest('base64url').slice(0, 22)

/** What was applied last, by child: remembered only to leave out writes that would change nothing. */
type Applied = Map<string, string>

/** Of what was declared, and of the state that it led to. */
const markOf = (digest: string, { metadata }: KubeObject): string =>
  `${digest} ${metadata.uid} ${metadata.generation ?? metadata.resourceVersion}`

async function applyAll<T extends KubeObject>(
  definition: OperatorDefinition<T>,
  owner: T,
  declarations: ReadonlyMap<string, Declaration>,
  applied: Applied,
  { client, informers }: Context,
): Promise<void> {
  const fieldManager = `slipway-operator/${definition.name}`
  for (const [key, { resource, object }] of declarations) {
    const { namespace, name = '' } = object.metadata
    const live = informers.of(resource).get(namespace ? `${namespace}/${name}` : name)
    if (live && !live.metadata.ownerReferences?.some((o) => o.uid === owner.metadata.uid)) {
      const whose = `does not belong to ${definition.for.kind} ${owner.metadata.name}`
      throw new StatusError(409, 'AlreadyExists', `${resource.kind} ${name} exists and ${whose}`)
    }
    const digest = digestOf(object)
    if (live && applied.get(key) === markOf(digest, live)) continue
    applied.set(key, markOf(digest, await client.apply(resource, object, { fieldManager, force: true, namespace })))
  }
}

/** Deletes the children that were not declared this time. */
async function prune(
  owned: readonly Resource[],
  owner: KubeObject,
  declarations: ReadonlyMap<string, Declaration>,
  applied: Applied,
  { client, children }: Context,
): Promise<void> {
  for (const resource of owned)
    for (const { metadata } of children(resource, owner)) {
      const isOurs = metadata.labels?.[ownerLabel] === owner.metadata.uid
      if (!isOurs || metadata.deletionTimestamp || declarations.has(keyIn(resource, metadata))) continue
      const { name = '', namespace, uid } = metadata
      applied.delete(keyIn(resource, metadata))
      try {
        await client.delete(resource, name, {
          namespace,
          propagationPolicy: 'Background',
          ...(uid ? { preconditions: { uid } } : {}),
        })
      } catch (error) {
        if (!isNotFound(error)) throw error
      }
    }
}

/** The status that `outcome` makes of the present one. Pure. */
export function statusFrom(object: KubeObject, outcome: Outcome, now: number): Record<string, unknown> {
  const before = (object as { status?: Record<string, unknown> }).status ?? {}
  const observedGeneration = object.metadata.generation ?? 0
  let conditions = (before.conditions ?? []) as AnyCondition[]
  for (const [type, value] of Object.entries(outcome.conditions ?? {})) {
    const said =
      value === true
        ? { status: 'True', reason: type, message: '' }
        : typeof value === 'object'
          ? value
          : { status: 'False', reason: `Not${type}`, message: value === false ? '' : value }
    conditions = withCondition<AnyCondition>(conditions, { ...said, type, observedGeneration }, now)
  }
  return { ...before, ...outcome.status, observedGeneration, ...(conditions.length > 0 ? { conditions } : {}) }
}

async function writeOutcome<T extends KubeObject>(
  definition: OperatorDefinition<T>,
  object: T,
  outcome: Outcome | undefined,
  context: Context,
) {
  if (!outcome?.status && !outcome?.conditions) return
  const status = statusFrom(object, outcome, context.clock.now())
  if (sameStatus((object as { status?: unknown }).status, status)) return
  await context.client.update(definition.for, { ...object, status } as T, {
    subresource: 'status',
    namespace: object.metadata.namespace,
  })
}
