import type { OwnerReference } from '../../../apimachinery/object.ts'
import { apiVersionOf, parseApiVersion } from '../../../apimachinery/resource.ts'
import { sameJson } from '../../../apimachinery/same-json.ts'
import type { Attributes, Authorize } from '../../auth/authorizer.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../admission.ts'
import { isWrite, refuse } from '../refusal.ts'

/** The resources of a kind, and whether they are in namespaces. */
export type ResourcesOfKind = (
  group: string,
  version: string,
  kind: string,
) => readonly { readonly resource: string; readonly namespaced: boolean }[]

/**
 * Whoever says that an object has an owner, and so is deleted with it, must be allowed to delete it; whoever keeps the owner from being deleted
 * first, to change the owner's finalizers.
 */
export const ownerReferencesPermissionEnforcement = (authorize: Authorize, find: ResourcesOfKind): AdmissionPlugin => ({
  name: 'OwnerReferencesPermissionEnforcement',
  validate: async (request) => {
    if (!isWrite(request) || isKubelets(request)) return
    const [owners, before] = [ownersOf(request.object), request.oldObject && ownersOf(request.oldObject)]
    if (sameJson(owners, before ?? [])) return
    if (request.operation !== 'CREATE') await mayDelete(authorize, request)
    const blocking = newlyBlocking(owners, before ?? [])
    if (blocking.length === 0 || (await authorize(anyFinalizer(request))).allowed) return
    for (const reference of blocking) await mayBlock(authorize, find, request, reference)
  },
})

/** Kubelets report pods that they were told of. */
const isKubelets = ({ group, resource, subresource }: AdmissionRequest): boolean =>
  group === '' && resource === 'pods' && subresource === 'status'

const ownersOf = (object: AdmissionRequest['object']): readonly OwnerReference[] => object?.metadata.ownerReferences ?? []

function newlyBlocking(owners: readonly OwnerReference[], before: readonly OwnerReference[]): OwnerReference[] {
  const blocked = new Set(before.filter((o) => o.blockOwnerDeletion).map((o) => o.uid))
  return owners.filter((o) => o.blockOwnerDeletion && !blocked.has(o.uid))
}

async function mayDelete(authorize: Authorize, request: AdmissionRequest): Promise<void> {
  const { user, group, version, resource, subresource, namespace = '', name } = request
  const problem = "cannot set an ownerRef on a resource you can't delete"
  await demand(authorize, request, problem, {
    user,
    verb: 'delete',
    resource: { group, version, resource, subresource, namespace, name },
  })
}

async function mayBlock(
  authorize: Authorize,
  find: ResourcesOfKind,
  request: AdmissionRequest,
  owner: OwnerReference,
): Promise<void> {
  const { group, version } = parseApiVersion(owner.apiVersion)
  const found = find(group, version, owner.kind)
  if (found.length === 0) {
    const why = `no matches for kind ${JSON.stringify(owner.kind)} in version ${JSON.stringify(apiVersionOf({ group, version }))}`
    const what = `cannot find RESTMapping for APIVersion ${owner.apiVersion} Kind ${owner.kind}: ${why}`
    throw refuse(request, `cannot set blockOwnerDeletion in this case because ${what}`)
  }
  const problem = "cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on"
  for (const { resource, namespaced } of found) {
    const namespace = namespaced ? (request.namespace ?? '') : ''
    const of = { group, version, resource, subresource: 'finalizers', namespace, name: owner.name }
    await demand(authorize, request, problem, { user: request.user, verb: 'update', resource: of })
  }
}

const anyFinalizer = ({ user }: AdmissionRequest): Attributes => ({
  user,
  verb: 'update',
  resource: { group: '*', version: '*', resource: '*', subresource: 'finalizers', namespace: '', name: '*' },
})

async function demand(authorize: Authorize, request: AdmissionRequest, problem: string, asked: Attributes): Promise<void> {
  const { allowed, reason, error } = await authorize(asked)
  if (!allowed) throw refuse(request, `${problem}: ${reason}, ${error ?? '<nil>'}`)
}
