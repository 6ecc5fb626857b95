import { configmaps } from '../../apimachinery/resources.generated.ts'
import { isNotFound } from '../../apimachinery/status.ts'
import type { Client } from '../../client/client.ts'
import { type Application, applications, automation, controlNamespace, trackingName } from '../../sync/application/application.ts'
import { inventoryOf } from '../../sync/application/status.ts'
import type { InventoryEntry } from '../../sync/plan/plan.ts'

/** What is known of the objects that a folder put into the cluster, so that those it no longer has can be deleted. */
export interface Inventory {
  /** How the objects name whom they belong to. */
  readonly tracking: string
  readonly release: string
  readonly namespace: string
  entries(): readonly InventoryEntry[]
  remember(entries: readonly InventoryEntry[]): Promise<void>
  /** Hands back what was borrowed. */
  close(): Promise<void>
}

/** Kept in a ConfigMap of the namespace: the next `slipway dev` of that folder goes on where this one ends. */
export async function ownInventory(client: Client, name: string, namespace: string): Promise<Inventory> {
  const map = `slipway-dev-${name}`
  const before = await client.get(configmaps, map, { namespace }).catch(ignoreMissing)
  let known = JSON.parse(before?.data?.inventory ?? '[]') as InventoryEntry[]
  return {
    tracking: `dev-${name}`,
    release: name,
    namespace,
    entries: () => known,
    async remember(entries) {
      if (JSON.stringify(entries) === JSON.stringify(known)) return
      known = [...entries]
      if (entries.length === 0) {
        await client.delete(configmaps, map, { namespace }).catch(ignoreMissing)
        return
      }
      const object = { metadata: { name: map, namespace }, data: { inventory: JSON.stringify(entries) } }
      await client.apply(configmaps, object, { fieldManager: 'slipway-dev', force: true })
    },
    close: async () => {},
  }
}

function ignoreMissing(error: unknown): undefined {
  if (!isNotFound(error)) throw error
}

/** An Application's: what is saved stands in for its commit, and it does not sync meanwhile. */
export async function applicationInventory(client: Client, name: string): Promise<Inventory> {
  const target = { namespace: controlNamespace }
  const app = await client.get(applications, name, target)
  let known = inventoryOf(app)
  const { on } = automation(app)
  const setAutomation = (enabled: boolean | null) =>
    client.patch<Application>(
      applications,
      name,
      { type: 'merge', body: { spec: { syncPolicy: { automated: { enabled } } } } },
      target,
    )
  if (on) await setAutomation(false)
  return {
    tracking: trackingName(app),
    release: app.spec.source?.helm?.releaseName ?? name,
    namespace: app.spec.destination.namespace ?? 'default',
    entries: () => known,
    // The Application's controller finds what is there by its own watches once it syncs again; until then we remember.
    remember: async (entries) => {
      known = [...entries]
    },
    async close() {
      if (on) await setAutomation(app.spec.syncPolicy?.automated?.enabled ?? null)
    },
  }
}
