import { relative, sep } from 'node:path'
import { aborted } from '../../apimachinery/aborted.ts'
import type { Client } from '../../client/client.ts'
import { RestMapper } from '../../client/rest-mapper.ts'
import { apply } from '../../sync/apply/apply.ts'
import { entryOf, type InventoryEntry, idOf, PlanRefused, plan } from '../../sync/plan/plan.ts'
import { planSummary, planText } from '../../sync/plan/plan-text.ts'
import { chartRenderer } from '../../sync/render/chart.ts'
import { type Manifest, ManifestError } from '../../sync/render/manifest.ts'
import { render } from '../../sync/render/render.ts'
import { localFiles } from '../assembly/local-files.ts'
import type { Inventory } from './inventory.ts'
import { Saves, watchFiles } from './saves.ts'

interface FolderOptions {
  readonly client: Client
  readonly folder: string
  readonly inventory: Inventory
  readonly signal: AbortSignal
  readonly say: (line: string) => void
}

/** Keeps the cluster at what a folder's manifests (or chart) say, until `signal` aborts: applied when saved, deleted when gone. */
export async function developFolder(options: FolderOptions): Promise<{ readonly saves: Saves; readonly stopped: Promise<void> }> {
  const { folder, signal, say } = options
  const mapper = new RestMapper(options.client)
  const saves = new Saves(async () => {
    if (signal.aborted) return
    try {
      await syncOnce(options, mapper)
    } catch (error) {
      for (const line of problemsOf(error)) say(line)
      say('nothing is changed')
    }
  })
  const ignored = (path: string): boolean =>
    relative(folder, path)
      .split(sep)
      .some((part) => part.startsWith('.') && part !== '.' && part !== '..')
  const watcher = await watchFiles([folder], () => saves.note(), { ignored })
  saves.note()
  const stopped = aborted(signal).then(async () => {
    await watcher.close()
    await saves.settled()
    await options.inventory.close()
  })
  return { saves, stopped }
}

/** Renders, asks the API what would change, tells it, and does it. Throws ManifestError or PlanRefused, and nothing is changed. */
async function syncOnce({ client, folder, inventory, signal, say }: FolderOptions, mapper: RestMapper): Promise<void> {
  const { tracking, namespace, release } = inventory
  const read = async () => render(await localFiles(folder), chartRenderer({ release, namespace }))
  const manifests = await read()
  const known = inventory.entries()
  const scope = { client, mapper, application: tracking, namespace }
  const found = await plan({ ...scope, manifests, inventory: known, prune: true })
  if (found.changes.every((c) => c.action === 'keep')) {
    say(`${planSummary(found)}`)
    return
  }
  if (found.changes.some((c) => c.action === 'prune') && !(await isLasting(manifests, read))) return
  for (const line of [planSummary(found), ...planText(found, namespace)]) say(line)
  const wanted = found.changes.filter((c) => c.action !== 'prune').map((c) => entryOf(c.object))
  // Named before it is applied, so that nothing is forgotten if we end half way.
  await inventory.remember(united(known, wanted))
  const results = await apply({ ...scope, signal }, { changes: found.changes.filter((c) => c.action !== 'keep') })
  const failed = results.filter((r) => r.status === 'SyncFailed')
  for (const { kind, name, message } of failed) say(`${kind.toLowerCase()}/${name}: ${message}`)
  if (failed.length === 0 && !signal.aborted) await inventory.remember(wanted)
}

/** Many editors empty a file before they write it: what is gone must be gone for longer than that takes. A save follows if it is not. */
const lastingMs = 150

async function isLasting(manifests: readonly Manifest[], read: () => Promise<readonly Manifest[]>): Promise<boolean> {
  await new Promise((resolve) => setTimeout(resolve, lastingMs))
  const ids = (found: readonly Manifest[]) => found.map((m) => idOf(entryOf(m.object))).join()
  return ids(await read()) === ids(manifests)
}

function united(before: readonly InventoryEntry[], more: readonly InventoryEntry[]): InventoryEntry[] {
  return [...new Map([...before, ...more].map((entry) => [idOf(entry), entry])).values()]
}

/** With the file and line of each. */
function problemsOf(error: unknown): string[] {
  if (error instanceof PlanRefused) return error.problems.map(withHint)
  if (error instanceof ManifestError) return [withHint(error)]
  return [error instanceof Error ? error.message : String(error)]
}

const withHint = (error: ManifestError): string => (error.hint ? `${error.message} (${error.hint})` : error.message)

/** Deletes all that the folder put into the cluster. */
export async function removeAll({ client, inventory, signal }: Omit<FolderOptions, 'folder' | 'say'>): Promise<number> {
  const scope = { client, mapper: new RestMapper(client), application: inventory.tracking, namespace: inventory.namespace }
  const found = await plan({ ...scope, manifests: [], inventory: inventory.entries(), prune: true })
  const results = await apply({ ...scope, signal }, found)
  await inventory.remember([])
  return results.length
}
