// What an operator declares for an object: made whole, applied where it differs, and deleted when it is no longer declared.

import { hash } from 'node:crypto'
import { jsonText } from '../apimachinery/json.ts'
import type { KubeObject, ObjectMeta } from '../apimachinery/object.ts'
import { apiVersionOf, type Resource } from '../apimachinery/resource.ts'
import { isConflict, isNotFound, StatusError } from '../apimachinery/status.ts'
import type { Client } from '../client/client.ts'
import type { InformerSet } from '../client/informer-set.ts'
import { isWithin } from './equality.ts'
import type { Child, Declared, Operator } from './operator.ts'
import { controlledBy } from './owners.ts'

/** Says that a child is of which object, by its uid; its presence selects an operator's children. */
export const ownerLabel = (operator: Pick<Operator, 'name'>): string => `operators.slipway.dev/${operator.name}`
/** A digest of what was declared last: equal, and there is nothing to apply. */
const digestAnnotation = 'operators.slipway.dev/applied'

interface Declaration {
  readonly resource: Resource
  readonly object: KubeObject
  readonly digest: string
}

/** The children that one run declared, by key. */
export type Declarations = Map<string, Declaration>

/** What was applied last and what that led to, by child, where the server writes it otherwise: to leave out writes that change nothing. */
export type Applied = Map<string, string>

const keyIn = (resource: Resource, { namespace, name }: ObjectMeta): string =>
  `${apiVersionOf(resource)}/${resource.resource}/${namespace ?? ''}/${name}`

const informerKey = ({ namespace, name = '' }: ObjectMeta): string => (namespace ? `${namespace}/${name}` : name)

/** Adds a child of `owner` to `declarations`. Throws Error when it can't be one. */
export function declare<C extends KubeObject>(
  operator: Operator,
  owner: KubeObject,
  resource: Resource<C>,
  declared: Declared<C>,
  declarations: Declarations,
): Child<C> {
  const { kind, group } = resource
  const fail = (why: string): never => {
    throw new Error(`operator ${operator.name}: ${kind} ${declared.metadata?.name ?? owner.metadata.name} ${why}`)
  }
  if (!operator.owns.some((o) => o.resource.kind === kind && o.resource.group === group)) fail('is not in owns')
  const plain = resource as unknown as Resource
  const { object, digest } = childOf(operator, owner, plain, declared as Declared<KubeObject>)
  const { namespace } = object.metadata
  const { namespace: owners } = owner.metadata
  if (owners !== undefined && !resource.namespaced) fail('has no namespace, so nothing in a namespace can own it: use client')
  if (owners !== undefined && namespace !== owners) fail(`is in another namespace than its owner (${owners}): use client`)
  if (resource.namespaced && !namespace) fail('needs metadata.namespace: its owner has none')
  const key = keyIn(plain, object.metadata)
  if (declarations.has(key)) fail('is declared twice')
  declarations.set(key, { resource: plain, object, digest })
  const metadata = object.metadata as Child['metadata']
  return { resource, apiVersion: apiVersionOf(resource), kind, name: metadata.name, metadata }
}

function childOf(operator: Operator, owner: KubeObject, resource: Resource, declared: Declared<KubeObject>) {
  const { name = owner.metadata.name, namespace = owner.metadata.namespace, ...rest } = declared.metadata ?? {}
  const made = {
    ...declared,
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    metadata: {
      ...rest,
      ...(name ? { name } : {}),
      ...(resource.namespaced && namespace ? { namespace } : {}),
      labels: { ...rest.labels, [ownerLabel(operator)]: owner.metadata.uid ?? '' },
      ownerReferences: [controlledBy(operator.definition.for, owner)],
    },
  }
  const digest = hash('sha256', jsonText(made), 'base64url').slice(0, 22)
  const metadata = { ...made.metadata, annotations: { ...rest.annotations, [digestAnnotation]: digest } }
  return { object: { ...made, metadata } as KubeObject, digest }
}

const markOf = (digest: string, { metadata }: KubeObject): string =>
  `${digest} ${metadata.uid} ${metadata.generation ?? metadata.resourceVersion}`

/** Whether the cluster has the child as declared, as far as can be told without asking: then a write would change nothing. */
function isApplied({ digest, object }: Declaration, live: KubeObject, mark: string | undefined): boolean {
  if (live.metadata.annotations?.[digestAnnotation] !== digest || !isWithin(object.metadata, live.metadata)) return false
  // Values that the server writes otherwise, such as quantities, are told by the state they led to.
  return mark === markOf(digest, live) || isWithin(asStored(object), live)
}

/** A Secret's texts are stored as bytes. */
function asStored(object: KubeObject): object {
  const { stringData, ...rest } = object as KubeObject & { stringData?: Record<string, string>; data?: Record<string, string> }
  if (!stringData || object.kind !== 'Secret') return object
  const bytes = Object.entries(stringData).map(([key, text]) => [key, Buffer.from(text).toString('base64')] as const)
  return { ...rest, data: { ...rest.data, ...Object.fromEntries(bytes) } }
}

export interface ApplyContext {
  readonly operator: Operator
  readonly owner: KubeObject
  readonly client: Client
  readonly informers: InformerSet
  readonly applied: Applied
}

/** Applies all declarations that the cluster does not have yet, at once. Throws the first failure after all have ended. */
export async function applyAll(context: ApplyContext, declarations: Declarations): Promise<void> {
  const outcomes = await Promise.allSettled([...declarations].map(([key, declaration]) => applyChild(context, key, declaration)))
  const failed = outcomes.find((o) => o.status === 'rejected')
  if (failed) throw failed.reason
}

async function applyChild(context: ApplyContext, key: string, declaration: Declaration): Promise<void> {
  const { operator, client, informers, applied } = context
  const { resource, object, digest } = declaration
  const { namespace } = object.metadata
  const cached = informers.of(resource).get(informerKey(object.metadata))
  if (cached && isApplied(declaration, cached, applied.get(key))) return
  if (cached) checkOwner(context, resource, cached)
  const put = (config: KubeObject) =>
    client.apply(resource, config, { fieldManager: operator.fieldManager, force: true, namespace })
  // Who adopts need not know whose it was: what another controller owns the server refuses.
  const isPlain = cached || operator.definition.adopts
  const live = await (isPlain ? put(object) : createChild(context, declaration, put))
  if (isWithin(asStored(object), live)) applied.delete(key)
  else applied.set(key, markOf(digest, live))
}

/** No object is of this version, for etcd begins with 2: what is applied as of it is created, or refused where there is one. */
const absent = '1'

/** Applies a child that the cache does not have. Others may have one of that name, which only the server knows. */
async function createChild(
  context: ApplyContext,
  { resource, object }: Declaration,
  put: (config: KubeObject) => Promise<KubeObject>,
): Promise<KubeObject> {
  try {
    return await put({ ...object, metadata: { ...object.metadata, resourceVersion: absent } })
  } catch (error) {
    if (!isConflict(error)) throw error
    const { name = '', namespace } = object.metadata
    const live = await existing(context.client, resource, name, namespace)
    if (!live) throw error
    checkOwner(context, resource, live)
    return put(object)
  }
}

async function existing(client: Client, resource: Resource, name: string, namespace: string | undefined) {
  try {
    return await client.get(resource, name, { namespace })
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

function checkOwner({ operator, owner }: ApplyContext, resource: Resource, live: KubeObject): void {
  const references = live.metadata.ownerReferences ?? []
  if (references.some((o) => o.uid === owner.metadata.uid)) return
  if (operator.definition.adopts && !references.some((o) => o.controller)) return
  const whose = `does not belong to ${operator.definition.for.kind} ${owner.metadata.name}`
  throw new StatusError(409, 'AlreadyExists', `${resource.kind} ${live.metadata.name} exists and ${whose}`)
}

/** Deletes the children of earlier runs that `declarations` does not have and that `keep` does not hold. */
export async function prune(
  context: ApplyContext,
  declarations: Declarations,
  keep: (child: KubeObject) => boolean = () => false,
): Promise<void> {
  const { operator, owner, client, informers, applied } = context
  const uid = owner.metadata.uid ?? ''
  const gone = operator.owns.flatMap(({ resource }) =>
    informers
      .of(resource)
      .byIndex('controller', uid)
      .filter(({ metadata }) => metadata.labels?.[ownerLabel(operator)] === uid && !metadata.deletionTimestamp)
      .filter((child) => !declarations.has(keyIn(resource, child.metadata)) && !keep(child))
      .map(({ metadata }) => ({ resource, metadata })),
  )
  await Promise.all(
    gone.map(async ({ resource, metadata }) => {
      const { name = '', namespace } = metadata
      applied.delete(keyIn(resource, metadata))
      const preconditions = metadata.uid ? { uid: metadata.uid } : {}
      try {
        await client.delete(resource, name, { namespace, propagationPolicy: 'Background', preconditions })
      } catch (error) {
        if (!isNotFound(error)) throw error
      }
    }),
  )
}
