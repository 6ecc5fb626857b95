// The hooks of a release: created by weight, waited for, deleted as their policies say.
import type { Cluster } from './cluster.ts'
import { objectsOf } from './manifest-objects.ts'
import { hookNotDone } from './readiness.ts'
import type { HookRecord, ReleaseRecord } from './record.ts'
import { ofLive, waitFor, waitGone } from './waiting.ts'

interface HookContext {
  readonly cluster: Cluster
  readonly timeoutMs: number
  readonly now: () => Date
  /** Which hooks of the event run; default all. */
  readonly only?: ((name: string) => boolean) | undefined
  /** Stores the release after its hooks' states changed. */
  readonly record: (r: ReleaseRecord) => Promise<void>
  /** Gets the deletions that end a run, to do them when somebody has looked at the hooks; otherwise they are done at once. */
  readonly later?: ((clean: () => Promise<void>) => void) | undefined
}

async function deleteBy(h: HookRecord, policy: string, r: ReleaseRecord, c: HookContext): Promise<void> {
  if (h.kind === 'CustomResourceDefinition' || !h.delete_policies?.includes(policy)) return
  const objects = objectsOf(h.manifest)
  for (const o of objects) await c.cluster.delete(o, r.namespace)
  await waitGone(c.cluster, objects, r.namespace, c.timeoutMs)
}

async function cleanUp(r: ReleaseRecord, c: HookContext, gone: readonly (readonly [HookRecord, string])[]): Promise<void> {
  const clean = async () => {
    for (const [hook, policy] of gone) await deleteBy(hook, policy, r, c)
  }
  if (c.later) c.later(clean)
  else await clean()
}

/** Runs the release's hooks of an event. Throws Error when one fails. */
export async function runHooks(r: ReleaseRecord, event: string, c: HookContext): Promise<void> {
  const hooks = (r.hooks ?? []).filter((h) => h.events.includes(event) && (c.only?.(h.name) ?? true))
  const sorted = [...hooks].sort((a, b) => (a.weight ?? 0) - (b.weight ?? 0) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  for (const [i, h] of sorted.entries()) {
    // Helm's record tells the default, too.
    if (!h.delete_policies?.length) h.delete_policies = ['before-hook-creation']
    await deleteBy(h, 'before-hook-creation', r, c)
    h.last_run = { started_at: c.now().toISOString(), phase: 'Running' }
    await c.record(r)
    try {
      const objects = objectsOf(h.manifest)
      for (const o of objects) await c.cluster.create(o, r.namespace)
      await waitFor(c.cluster, objects, r.namespace, ofLive(hookNotDone), c.timeoutMs)
      h.last_run = { ...h.last_run, completed_at: c.now().toISOString(), phase: 'Succeeded' }
    } catch (e) {
      h.last_run = { ...h.last_run, completed_at: c.now().toISOString(), phase: 'Failed' }
      const done = sorted.slice(0, i).map((x) => [x, 'hook-succeeded'] as const)
      await cleanUp(r, c, [[h, 'hook-failed'], ...done])
      throw new Error(`${event} hook ${h.path} failed: ${(e as Error).message}`)
    }
  }
  await cleanUp(
    r,
    c,
    sorted.toReversed().map((h) => [h, 'hook-succeeded'] as const),
  )
}
