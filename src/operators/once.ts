import { jsonText, parseJson } from '../apimachinery/json.ts'
import type { Secret } from '../apimachinery/kinds.generated.ts'
import type { KubeObject } from '../apimachinery/object.ts'
import type { Resource } from '../apimachinery/resource.ts'
import { secrets } from '../apimachinery/resources.generated.ts'
import { isAlreadyExists, isConflict, isNotFound } from '../apimachinery/status.ts'
import type { Client } from '../client/client.ts'
import type { Informer } from '../client/informer.ts'
import type { InformerScope } from '../client/informer-scope.ts'
import { controlledBy } from './owners.ts'

/** Values that are made once for an object and kept, in a Secret that goes with it. */
export interface OnceValues {
  value<V>(owner: KubeObject, key: string, make: () => V | Promise<V>): Promise<V>
  /** The object is gone: so is what is remembered of it. */
  forget(uid: string): void
}

interface OnceOptions {
  readonly client: Client
  readonly ownerResource: Resource
  /** Where the Secrets of objects without namespace are. */
  readonly namespace: string
  readonly fieldManager: string
  /** The operator's name, in a label of the Secrets. */
  readonly operator: string
  /** Where the labelled ones can be looked up as soon as it is filled; each is asked for when absent. */
  readonly cached?: () => Pick<Informer<Secret>, 'get' | 'hasSynced'>
}

const label = 'operators.slipway.dev/once'

const onlyData = ({ data }: Secret): Secret => ({ metadata: {}, ...(data ? { data } : {}) })

/** The Secrets of an operator, and what matters of them. */
export const onceScope = (operator: string): InformerScope<Secret> => ({
  labelSelector: `${label}=${operator}`,
  project: onlyData,
})

const attempts = 5

export function createOnceValues(options: OnceOptions): OnceValues {
  const { client, ownerResource, namespace: fallback, fieldManager, operator, cached } = options
  /** By the owner's uid: the Secret as it was last read or written. */
  const known = new Map<string, Secret>()

  const remember = (uid: string, secret: Secret): void => {
    if (!cached?.().hasSynced()) known.set(uid, secret)
  }
  const load = async (namespace: string, name: string, uid: string): Promise<Secret | undefined> => {
    try {
      const live = await client.get(secrets, name, { namespace })
      remember(uid, live)
      return live
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw error
    }
  }
  /** As it was when last seen; it may have changed since. */
  const recall = async (namespace: string, name: string, uid: string): Promise<Secret | undefined> => {
    const cache = cached?.()
    return cache?.hasSynced() ? cache.get(`${namespace}/${name}`) : (known.get(uid) ?? load(namespace, name, uid))
  }
  const save = (namespace: string, name: string, owner: KubeObject, live: Secret | undefined, data: Record<string, string>) => {
    if (live) {
      const { uid, resourceVersion } = live.metadata
      const body = { metadata: { uid, resourceVersion }, data }
      return client.patch(secrets, name, { type: 'merge', body }, { namespace, fieldManager })
    }
    const metadata = { name, namespace, labels: { [label]: operator }, ownerReferences: [controlledBy(ownerResource, owner)] }
    return client.create(secrets, { metadata, type: 'Opaque', data }, { namespace, fieldManager })
  }

  return {
    async value<V>(owner: KubeObject, key: string, make: () => V | Promise<V>): Promise<V> {
      if (!/^[-._a-zA-Z0-9]{1,253}$/.test(key)) throw new Error(`once(${JSON.stringify(key)}): letters, digits, '-', '_' or '.'`)
      const { uid = '', namespace = fallback } = owner.metadata
      const name = `slipway-once-${uid}`
      let made: V | undefined
      for (let attempt = 1; ; attempt++) {
        const live = await (attempt === 1 ? recall : load)(namespace, name, uid)
        const kept = live?.data?.[key]
        if (kept !== undefined) return parseJson(Buffer.from(kept, 'base64').toString()) as V
        made ??= await make()
        const text = jsonText(made)
        if (text === undefined) throw new Error(`once(${JSON.stringify(key)}): the value can't be written as JSON`)
        try {
          const data = { [key]: Buffer.from(text).toString('base64') }
          const saved = await save(namespace, name, owner, live, data)
          remember(uid, saved)
          return parseJson(text) as V
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
