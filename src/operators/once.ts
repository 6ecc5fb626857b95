import type { Secret } from '../apimachinery/kinds.generated.ts'
import type { KubeObject } from '../apimachinery/object.ts'
import type { Resource } from '../apimachinery/resource.ts'
import { secrets } from '../apimachinery/resources.generated.ts'
import { isAlreadyExists, isConflict, isNotFound } from '../apimachinery/status.ts'
import type { Client } from '../client/client.ts'
import { controlledBy } from './owners.ts'

/** Values that are made once for an object and kept, in a Secret that goes with it. */
export interface OnceValues {
  value<V>(owner: KubeObject, key: string, make: () => V | Promise<V>): Promise<V>
  /** The object is gone: so is what is remembered of it. */
  forget(uid: string): void
}

export interface OnceOptions {
  readonly client: Client
  readonly ownerResource: Resource
  /** Where the Secrets of objects without namespace are. */
  readonly namespace: string
  readonly fieldManager: string
}

const attempts = 5

export function createOnceValues({ client, ownerResource, namespace: fallback, fieldManager }: OnceOptions): OnceValues {
  /** By the owner's uid: the Secret as it was last read or written. */
  const known = new Map<string, Secret>()

  const load = async (namespace: string, name: string, uid: string): Promise<Secret | undefined> => {
    try {
      const live = await client.get(secrets, name, { namespace })
      known.set(uid, live)
      return live
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw error
    }
  }
  const save = (namespace: string, name: string, owner: KubeObject, live: Secret | undefined, data: Record<string, string>) => {
    if (live) {
      const { uid, resourceVersion } = live.metadata
      const body = { metadata: { uid, resourceVersion }, data }
      return client.patch(secrets, name, { type: 'merge', body }, { namespace, fieldManager })
    }
    const metadata = { name, namespace, ownerReferences: [controlledBy(ownerResource, owner)] }
    return client.create(secrets, { metadata, type: 'Opaque', data }, { namespace, fieldManager })
  }

  return {
    async value<V>(owner: KubeObject, key: string, make: () => V | Promise<V>): Promise<V> {
      if (!/^[-._a-zA-Z0-9]{1,253}$/.test(key)) throw new Error(`once(${JSON.stringify(key)}): letters, digits, '-', '_' or '.'`)
      const { uid = '', namespace = fallback } = owner.metadata
      const name = `slipway-once-${uid}`
      let made: V | undefined
      for (let attempt = 1; ; attempt++) {
        const live = known.get(uid) ?? (await load(namespace, name, uid))
        const kept = live?.data?.[key]
        if (kept !== undefined) return JSON.parse(Buffer.from(kept, 'base64').toString()) as V
        made ??= await make()
        const text = JSON.stringify(made)
        if (text === undefined) throw new Error(`once(${JSON.stringify(key)}): the value can't be written as JSON`)
        try {
          const data = { [key]: Buffer.from(text).toString('base64') }
          known.set(uid, await save(namespace, name, owner, live, data))
          return JSON.parse(text) as V
        } catch (error) {
          known.delete(uid)
          const isRace = isConflict(error) || isAlreadyExists(error) || isNotFound(error)
          if (!isRace || attempt === attempts) throw error
        }
      }
    },
    forget: (uid) => void known.delete(uid),
  }
}
