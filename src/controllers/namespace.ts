// Empties a namespace that is being deleted, pods first, and lets it go when nothing is left.
import { timeText } from '../apimachinery/clock.ts'
import type { Namespace, NamespaceCondition } from '../apimachinery/kinds.generated.ts'
import type { KubeObject } from '../apimachinery/object.ts'
import { groupResource, type Resource } from '../apimachinery/resource.ts'
import { namespaces } from '../apimachinery/resources.generated.ts'
import { isNotFound, StatusError } from '../apimachinery/status.ts'
import { findCondition } from '../operators/conditions.ts'
import { type Context, defineController } from '../operators/controller.ts'
import { type Discovered, discoverAll } from './discovery.ts'

/** What one pass found. */
interface Findings {
  readonly discoveryError?: string
  readonly deletionErrors: readonly string[]
  /** What is left, by resource: how many objects, and on which finalizers they wait. */
  readonly remaining: ReadonlyMap<string, { readonly count: number; readonly finalizers: ReadonlyMap<string, number> }>
}

const finalizer = 'kubernetes'

/** The conditions of a namespace that is being deleted. */
function conditionsOf(before: readonly NamespaceCondition[] | undefined, found: Findings, now: number): NamespaceCondition[] {
  const left = [...found.remaining].filter(([, r]) => r.count > 0)
  const waiting = new Map<string, number>()
  for (const [, { finalizers }] of left) for (const [name, n] of finalizers) waiting.set(name, (waiting.get(name) ?? 0) + n)
  const condition = (type: string, bad: boolean, reason: string, badMessage: string, okReason: string, okMessage: string) => {
    const status = bad ? 'True' : 'False'
    const old = findCondition(before, type)
    const lastTransitionTime = old?.status === status && old.lastTransitionTime ? old.lastTransitionTime : timeText(now)
    return { type, status, reason: bad ? reason : okReason, message: bad ? badMessage : okMessage, lastTransitionTime }
  }
  const resources = left.map(([name, { count }]) => `${name} has ${count} resource instances`).sort()
  const finalizers = [...waiting].map(([name, n]) => `${name} in ${n} resource instances`).sort()
  return [
    condition(
      'NamespaceDeletionDiscoveryFailure',
      found.discoveryError !== undefined,
      'DiscoveryFailed',
      `Discovery failed for some groups, 1 failing: ${found.discoveryError}`,
      'ResourcesDiscovered',
      'All resources successfully discovered',
    ),
    condition(
      'NamespaceDeletionGroupVersionParsingFailure',
      false,
      'GroupVersionParsingFailed',
      '',
      'ParsedGroupVersions',
      'All legacy kube types successfully parsed',
    ),
    condition(
      'NamespaceDeletionContentFailure',
      found.deletionErrors.length > 0,
      'ContentDeletionFailed',
      `Failed to delete all resource types, ${found.deletionErrors.length} remaining: ${found.deletionErrors.join(', ')}`,
      'ContentDeleted',
      'All content successfully deleted, may be waiting on finalization',
    ),
    condition(
      'NamespaceContentRemaining',
      resources.length > 0,
      'SomeResourcesRemain',
      `Some resources are remaining: ${resources.join(', ')}`,
      'ContentRemoved',
      'All content successfully removed',
    ),
    condition(
      'NamespaceFinalizersRemaining',
      finalizers.length > 0,
      'SomeFinalizersRemain',
      `Some content in the namespace has finalizers remaining: ${finalizers.join(', ')}`,
      'ContentHasNoFinalizers',
      'All content-preserving finalizers finished',
    ),
  ]
}

/** Deletes what is in `namespace` of `resource` and says what is left. */
async function empty(namespace: string, { resource, verbs }: Discovered, context: Context) {
  const { client } = context
  const items = (await client.list(resource, { namespace })).items
  if (items.length > 0) {
    if (verbs.includes('deletecollection'))
      await client.deleteCollection(resource, { namespace, propagationPolicy: 'Background' })
    else for (const item of items) await deleteOne(resource, item, namespace, context)
  }
  const left = items.length === 0 ? [] : (await client.list(resource, { namespace })).items
  const finalizers = new Map<string, number>()
  for (const { metadata } of left) for (const f of metadata.finalizers ?? []) finalizers.set(f, (finalizers.get(f) ?? 0) + 1)
  return { count: left.length, finalizers }
}

async function deleteOne(resource: Resource, { metadata }: KubeObject, namespace: string, { client }: Context): Promise<void> {
  try {
    await client.delete(resource, metadata.name ?? '', { namespace, propagationPolicy: 'Background' })
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}

async function emptyAll(namespace: string, context: Context): Promise<Findings> {
  const deletionErrors: string[] = []
  const remaining = new Map<string, { count: number; finalizers: Map<string, number> }>()
  let discovered: Discovered[]
  let discoveryError: string | undefined
  try {
    const { found, stale } = await discoverAll(context.client, context.signal)
    discovered = found
    // What a silent server keeps in the namespace is not known: the namespace stays until it answers.
    if (stale.length > 0) discoveryError = staleMessage(stale)
  } catch (error) {
    return { discoveryError: (error as Error).message, deletionErrors, remaining }
  }
  const unknown = discoveryError === undefined ? {} : { discoveryError }
  const deletable = discovered.filter((d) => d.resource.namespaced && d.verbs.includes('delete') && d.verbs.includes('list'))
  const isPods = (d: Discovered) => d.resource.group === '' && d.resource.resource === 'pods'
  const run = async (some: readonly Discovered[]) => {
    for (const d of some) {
      try {
        remaining.set(groupResource(d.resource), await empty(namespace, d, context))
      } catch (error) {
        if (error instanceof StatusError && (error.code === 404 || error.code === 405)) continue
        deletionErrors.push(
          `unexpected items still remain in namespace: ${namespace} for gvr: ${groupResource(d.resource)}: ${error}`,
        )
      }
    }
  }
  // Pods go before what they may still need: ConfigMaps, Secrets, ServiceAccounts, network policies.
  await run(deletable.filter(isPods))
  if ((remaining.get('pods')?.count ?? 0) > 0) return { ...unknown, deletionErrors, remaining }
  await run(deletable.filter((d) => !isPods(d)))
  return { ...unknown, deletionErrors, remaining }
}

/** As client-go tells of group versions whose server does not answer. */
const staleMessage = (versions: readonly string[]): string =>
  `unable to retrieve the complete list of server APIs: ${versions.map((v) => `${v}: stale GroupVersion discovery: ${v}`).join(', ')}`

export const namespaceController = defineController<Namespace>({
  name: 'namespace-controller',
  for: namespaces,
  when: (now) => now?.metadata.deletionTimestamp !== undefined,
  async reconcile(namespace, context) {
    const { client, clock } = context
    const name = namespace.metadata.name ?? ''
    if (!namespace.metadata.deletionTimestamp || !namespace.spec?.finalizers?.includes(finalizer)) return undefined
    const found = await emptyAll(name, context)
    const isEmpty =
      !found.discoveryError && found.deletionErrors.length === 0 && [...found.remaining.values()].every((r) => r.count === 0)
    if (!isEmpty) {
      const live = await client.get(namespaces, name)
      const conditions = conditionsOf(live.status?.conditions, found, clock.now())
      if (JSON.stringify(conditions) !== JSON.stringify(live.status?.conditions))
        await client.update(
          namespaces,
          { ...live, status: { ...live.status, phase: 'Terminating', conditions } },
          { subresource: 'status' },
        )
      return { requeueAfterMs: Math.min(5000, 100 + (clock.now() - Date.parse(namespace.metadata.deletionTimestamp)) / 4) }
    }
    try {
      const live = await client.get(namespaces, name)
      const finalizers = (live.spec?.finalizers ?? []).filter((f) => f !== finalizer)
      await client.update(namespaces, { ...live, spec: { ...live.spec, finalizers } }, { subresource: 'finalize' })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
    return undefined
  },
})
