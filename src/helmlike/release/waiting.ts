// Waiting for objects, with a deadline.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Unstructured } from '../../apimachinery/object.ts'
import type { Cluster } from './cluster.ts'
import { label } from './manifest-objects.ts'

const INTERVAL_MS = 500

/** Waits until `problem` finds nothing wrong with any object. Throws Error naming the first that is not ready in time. */
export async function waitFor(
  cluster: Cluster,
  objects: readonly Unstructured[],
  namespace: string,
  problem: (live: Unstructured) => string | undefined,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<void> {
  const deadline = Date.now() + timeoutMs
  let left = [...objects]
  for (;;) {
    let what = ''
    const still: Unstructured[] = []
    for (const o of left) {
      const live = await cluster.read(o, namespace)
      const wrong = live ? problem(live) : 'is not there'
      if (wrong === undefined) continue
      still.push(o)
      what ||= `${label(o)}: ${wrong}`
    }
    if (still.length === 0) return
    left = still
    if (Date.now() + INTERVAL_MS > deadline)
      throw new Error(
        `timed out after ${Math.round(timeoutMs / 1000)} s: ${what}${still.length > 1 ? ` (and ${still.length - 1} more)` : ''}`,
      )
    await sleep(INTERVAL_MS, undefined, signal ? { signal } : {})
  }
}

/** Waits until none of the objects is there any more. */
export async function waitGone(
  cluster: Cluster,
  objects: readonly Unstructured[],
  namespace: string,
  timeoutMs: number,
): Promise<void> {
  const deadline = Date.now() + timeoutMs
  for (const o of objects) {
    while (await cluster.read(o, namespace)) {
      if (Date.now() > deadline) throw new Error(`timed out after ${Math.round(timeoutMs / 1000)} s: ${label(o)} is still there`)
      await sleep(INTERVAL_MS)
    }
  }
}
