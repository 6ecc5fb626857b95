// Waiting for objects, with a deadline: every change of them is looked at, none is asked for.
import type { Unstructured } from '../../apimachinery/object.ts'
import type { Cluster } from './cluster.ts'
import { label } from './manifest-objects.ts'

/** Why an object, undefined while it is not there, is not yet as wanted; undefined when it is. Throws Error when it never will be. */
type Problem = (live: Unstructured | undefined) => string | undefined

/** Waits until `problem` finds nothing wrong with any object. Throws Error naming the first that is not so in time. */
export async function waitFor(
  cluster: Cluster,
  objects: readonly Unstructured[],
  namespace: string,
  problem: Problem,
  timeoutMs: number,
): Promise<void> {
  const left = new Map<Unstructured, string>()
  for (const o of objects) {
    const wrong = problem(await cluster.read(o, namespace))
    if (wrong !== undefined) left.set(o, wrong)
  }
  if (left.size === 0) return
  const stop = new AbortController()
  const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(timeoutMs)])
  const settle = async (o: Unstructured) => {
    for await (const live of cluster.follow(o, namespace, signal)) {
      const wrong = problem(live)
      if (wrong === undefined) {
        left.delete(o)
        return
      }
      left.set(o, wrong)
    }
  }
  try {
    await Promise.all([...left.keys()].map(settle))
  } finally {
    stop.abort()
  }
  const [late] = left
  if (!late) return
  const more = left.size > 1 ? ` (and ${left.size - 1} more)` : ''
  throw new Error(`timed out after ${Math.round(timeoutMs / 1000)} s: ${label(late[0])}: ${late[1]}${more}`)
}

/** A problem with what is there; what is not there is one too. */
export const ofLive =
  (problem: (live: Unstructured) => string | undefined): Problem =>
  (live) =>
    live ? problem(live) : 'is not there'

/** Waits until none of the objects is there any more. */
export function waitGone(
  cluster: Cluster,
  objects: readonly Unstructured[],
  namespace: string,
  timeoutMs: number,
): Promise<void> {
  return waitFor(cluster, objects, namespace, (live) => (live ? 'is still there' : undefined), timeoutMs)
}
