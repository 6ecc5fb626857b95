import type { Unstructured } from '../../apimachinery/object.ts'
import type { Resource } from '../../apimachinery/resource.ts'
import type { InformerSet } from '../../client/informer-set.ts'
import { fieldManager } from '../plan/plan.ts'
import { trackedBy } from '../plan/tracking.ts'

/**
 * What Applications have in the cluster, seen by watch: tells which Application's object changed, and whether a change took a field
 * away from us (drift): server-side apply keeps our fields in our managedFields entry, and who overwrites one takes it out of there.
 */
export class LiveObjects {
  readonly #informers: InformerSet
  readonly #onChange: (application: string) => void
  readonly #watched = new Set<string>()

  constructor(informers: InformerSet, onChange: (application: string) => void) {
    this.#informers = informers
    this.#onChange = onChange
  }

  /** The live object, once its kind is watched and listed. */
  async get(resource: Resource<Unstructured>, key: string): Promise<Unstructured | undefined> {
    const informer = this.#informers.of(resource)
    const id = `${resource.group}/${resource.resource}`
    if (!this.#watched.has(id)) {
      this.#watched.add(id)
      informer.onChange((now, before) => {
        const changed = now ?? before
        const application = changed && trackedBy(changed)
        if (application) this.#onChange(application)
      })
    }
    await informer.synced()
    return informer.get(key)
  }
}

/** What we own of a live object, as one comparable text; undefined when it is nothing. */
export function ownedFields(object: Unstructured): string | undefined {
  const entry = object.metadata.managedFields?.find((m) => m.manager === fieldManager && m.operation === 'Apply')
  return entry && JSON.stringify(entry.fieldsV1)
}
