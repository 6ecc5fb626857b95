// `lookup` in a template, answered by a cluster: what is not known yet is fetched, then the render starts again.
import type { Host } from '../functions/host.ts'
import { deepCopy, type Value } from '../gotemplate/value.ts'
import { HostWaits } from '../render/engine.ts'
import { fromPlain } from '../yaml/json.ts'
import type { Cluster } from './cluster.ts'

/** The part of a render's host that asks the cluster. */
export function clusterHost(cluster: Cluster): Partial<Host> {
  const known = new Map<string, Value>()
  return {
    lookup: (apiVersion, kind, namespace, name) => {
      const key = JSON.stringify([apiVersion, kind, namespace, name])
      const found = known.get(key)
      if (found !== undefined) return deepCopy(found)
      throw new HostWaits(async () => {
        const object = await cluster.lookup(apiVersion, kind, namespace, name)
        known.set(key, object ? fromPlain(object) : new Map())
      })
    },
  }
}
