import { type KubeObject, keyOf } from '../../apimachinery/object.ts'
import type { Resource } from '../../apimachinery/resource.ts'
import type { InformerSet } from '../../client/informer-set.ts'
import { type Controller, ownerKey } from '../controller.ts'
import { priorities, type Queue } from './queue.ts'

/** Told why a key was added: the object that changed, as it was and is. */
export type Trigger = (key: string, resource: Resource, now: KubeObject | undefined, before: KubeObject | undefined) => void

const priority = (initial: boolean) => ({ priority: initial ? priorities.initial : priorities.change })

/** Adds to `queue` what a change of any resource that the controller follows concerns. Returns the unsubscribe. */
export function subscribe(
  controller: Controller,
  informers: InformerSet,
  queue: Queue,
  triggered: Trigger = () => {},
): () => void {
  const ends = [followOwn(controller, informers, queue, triggered)]
  for (const resource of controller.owns ?? [])
    ends.push(
      informers.of(resource).onChange((now, before, initial) => {
        const owners = new Set([now, before].map((o) => o && ownerKey(o, controller.for)))
        for (const key of owners) {
          if (key === undefined) continue
          if (!initial) triggered(key, resource, now, before)
          queue.add(key, priority(initial))
        }
      }),
    )
  for (const watch of controller.watches ?? [])
    ends.push(
      informers.of(watch.resource).onChange((now, before, initial) => {
        if (!initial && watch.when && !watch.when(now, before)) return
        const keys = new Set<string>()
        for (const object of [now, before]) if (object) for (const key of watch.keys(object, informers)) keys.add(key)
        for (const key of keys) {
          if (!initial) triggered(key, watch.resource, now, before)
          queue.add(key, priority(initial))
        }
      }),
    )
  return () => {
    for (const end of ends) end()
  }
}

function followOwn(controller: Controller, informers: InformerSet, queue: Queue, triggered: Trigger): () => void {
  const informer = informers.of(controller.for)
  for (const [name, indexer] of Object.entries(controller.indexes ?? {})) informer.addIndexer(name, indexer)
  return informer.onChange((now, before, initial) => {
    const changed = now ?? before
    if (!changed || !(initial || (controller.when?.(now, before) ?? true))) return
    const key = keyOf(changed)
    if (!initial) triggered(key, controller.for, now, before)
    queue.add(key, priority(initial))
  })
}
