import type { LabelSelectorObject } from '../apimachinery/label-selector.ts'
import { matchesSelector } from '../apimachinery/label-selector.ts'
import { controllerOf, type KubeObject, type OwnerReference } from '../apimachinery/object.ts'
import { apiVersionOf, type Resource } from '../apimachinery/resource.ts'
import { isNotFound } from '../apimachinery/status.ts'
import type { Context } from './controller.ts'

/** The reference that makes `owner` the controller of an object. */
export function controlledBy(resource: Pick<Resource<unknown>, 'group' | 'version' | 'kind'>, owner: KubeObject): OwnerReference {
  return {
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    name: owner.metadata.name ?? '',
    uid: owner.metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  }
}

interface Claim<O extends KubeObject> {
  readonly resource: Resource<O>
  readonly owner: O
  readonly selector: LabelSelectorObject
}

/**
 * The objects of `resource` that `owner` controls and that match its selector. On the way, adopts those that match and have no
 * controller, and releases those it controls that match no more (kube-controller-manager's ControllerRefManager).
 */
export async function claim<O extends KubeObject, C extends KubeObject>(
  context: Context,
  { resource: ownerResource, owner, selector }: Claim<O>,
  resource: Resource<C>,
): Promise<C[]> {
  const informer = context.informers.of(resource)
  const { namespace = '', uid = '' } = owner.metadata
  const claimed: C[] = []
  for (const child of informer.byIndex('controller', uid)) {
    if (matchesSelector(selector, child.metadata.labels)) claimed.push(child)
    else if (!owner.metadata.deletionTimestamp) await release(context, resource, child, uid)
  }
  if (owner.metadata.deletionTimestamp) return claimed
  const orphans = informer
    .byIndex('orphan', namespace)
    .filter((child) => !child.metadata.deletionTimestamp && matchesSelector(selector, child.metadata.labels))
  if (orphans.length === 0) return claimed
  // The owner in the cache may be one that was deleted and made again.
  const live = await context.client.get(ownerResource, owner.metadata.name ?? '', { namespace })
  if (live.metadata.uid !== uid || live.metadata.deletionTimestamp) return claimed
  for (const orphan of orphans) {
    const adopted = await adopt(context, resource, orphan, controlledBy(ownerResource, owner))
    if (adopted) claimed.push(adopted)
  }
  return claimed
}

async function adopt<C extends KubeObject>(context: Context, resource: Resource<C>, child: C, reference: OwnerReference) {
  const body = { metadata: { uid: child.metadata.uid, ownerReferences: [reference] } }
  return patchOrGone(context, resource, child, body)
}

async function release<C extends KubeObject>(context: Context, resource: Resource<C>, child: C, ownerUid: string): Promise<void> {
  const body = { metadata: { uid: child.metadata.uid, ownerReferences: [{ $patch: 'delete', uid: ownerUid }] } }
  await patchOrGone(context, resource, child, body)
}

async function patchOrGone<C extends KubeObject>(context: Context, resource: Resource<C>, child: C, body: object) {
  const { name = '', namespace } = child.metadata
  try {
    return await context.client.patch(resource, name, { type: 'strategic', body }, { namespace })
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

/** Keys of those `owners` in the namespace of an object without controller that would adopt it. */
export function adopters<O extends KubeObject>(
  child: KubeObject,
  owners: readonly O[],
  selectorOf: (owner: O) => LabelSelectorObject | undefined,
): string[] {
  if (controllerOf(child)) return []
  return owners
    .filter((o) => matchesSelector(selectorOf(o), child.metadata.labels))
    .map((o) => `${o.metadata.namespace}/${o.metadata.name}`)
}
