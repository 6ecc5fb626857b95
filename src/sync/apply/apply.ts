import type { CustomResourceDefinition } from '../../apimachinery/kinds.generated.ts'
import type { Unstructured } from '../../apimachinery/object.ts'
import type { Resource } from '../../apimachinery/resource.ts'
import { isNotFound } from '../../apimachinery/status.ts'
import type { Client } from '../../client/client.ts'
import type { RestMapper } from '../../client/rest-mapper.ts'
import { established } from '../../operators/install-definition.ts'
import { waveOf } from '../plan/order.ts'
import { entryOf, fieldManager, type InventoryEntry, type Plan, type PlannedChange } from '../plan/plan.ts'
import { prepared } from '../plan/tracking.ts'

interface ResourceResult extends InventoryEntry {
  readonly status: 'Synced' | 'SyncFailed' | 'Pruned'
  readonly message: string
}

interface ApplyContext {
  readonly client: Client
  readonly mapper: RestMapper
  readonly application: string
  readonly namespace: string
  readonly signal: AbortSignal
  /** Told of each applied object as the server answered it. */
  readonly onApplied?: (object: Unstructured, resource: Resource<Unstructured>) => void
}

/**
 * Carries out a plan: applies in order, waits for a CustomResourceDefinition to be served before its objects, then prunes. Goes on after a
 * failure within a wave, but begins no later wave and prunes nothing after one.
 */
export async function apply(context: ApplyContext, plan: Plan): Promise<ResourceResult[]> {
  const results: ResourceResult[] = []
  let failedWave: number | undefined
  for (const change of plan.changes) {
    if (context.signal.aborted) break
    if (failedWave !== undefined && (change.action === 'prune' || waveOf(change.object) > failedWave)) break
    const entry = entryOf(change.object)
    try {
      results.push(
        change.action === 'prune'
          ? await prune(context, change)
          : { ...entry, status: 'Synced', message: await applyOne(context, change) },
      )
    } catch (error) {
      failedWave ??= waveOf(change.object)
      results.push({ ...entry, status: 'SyncFailed', message: error instanceof Error ? error.message : String(error) })
    }
  }
  return results
}

async function applyOne(context: ApplyContext, change: PlannedChange): Promise<string> {
  const { client, mapper, application } = context
  const { apiVersion = '', kind = '' } = change.object
  const resource = change.resource ?? (await mapper.resourceOf(apiVersion, kind))
  if (!resource) throw new Error(`no matches for kind "${kind}" in version "${apiVersion}"`)
  const object = change.resource ? change.object : prepared(change.object, resource, application, context.namespace)
  const target = object.metadata.namespace ? { namespace: object.metadata.namespace } : {}
  const result = await client.apply(resource, object, { ...target, fieldManager, force: true, fieldValidation: 'Strict' })
  if (kind === 'CustomResourceDefinition')
    await established(client, result as unknown as CustomResourceDefinition, context.signal)
  context.onApplied?.(result, resource)
  return `${kind.toLowerCase()}/${object.metadata.name} serverside-applied`
}

async function prune(context: ApplyContext, change: PlannedChange): Promise<ResourceResult> {
  const { object, resource } = change
  const { namespace, name = '', uid } = object.metadata
  if (!resource) throw new Error('its kind is no longer served')
  const preconditions = uid ? { preconditions: { uid } } : {}
  await context.client
    .delete(resource, name, { ...(namespace ? { namespace } : {}), propagationPolicy: 'Foreground', ...preconditions })
    .catch((error: unknown) => {
      if (!isNotFound(error)) throw error
    })
  return { ...entryOf(object), status: 'Pruned', message: 'pruned' }
}
