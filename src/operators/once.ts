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

export class OnceSecrets implements OnceValues {
  readonly #options: OnceOptions
  /** By the owner's uid: the Secret as it was last read or written. */
  readonly #known = new Map<string, Secret>()

  constructor(options: OnceOptions) {
    this.#options = options
  }

  async value<V>(owner: KubeObject, key: string, make: () => V | Promise<V>): Promise<V> {
    if (!/^[-._a-zA-Z0-9]{1,253}$/.test(key)) throw new Error(`once(${JSON.stringify(key)}): letters, digits, '-', '_' or '.'`)
    const uid = owner.metadata.uid ?? ''
    let made: V | undefined
    for (let attempt = 1; ; attempt++) {
      const live = await (attempt === 1 ? this.#recall(owner) : this.#load(owner))
      const kept = live?.data?.[key]
      if (kept !== undefined) return parseJson(Buffer.from(kept, 'base64').toString()) as V
      made ??= await make()
      const text = jsonText(made)
      if (text === undefined) throw new Error(`once(${JSON.stringify(key)}): the value can't be written as JSON`)
      try {
        const data = { [key]: Buffer.from(text).toString('base64') }
        this.#remember(uid, await this.#save(owner, live, data))
        return parseJson(text) as V
      } catch (error) {
        this.#known.delete(uid)
        const isRace = isConflict(error) || isAlreadyExists(error) || isNotFound(error)
        if (!isRace || attempt === attempts) throw error
      }
    }
  }

  forget(uid: string): void {
    this.#known.delete(uid)
  }

  #placeOf({ metadata }: KubeObject): { readonly namespace: string; readonly name: string; readonly uid: string } {
    const { uid = '', namespace = this.#options.namespace } = metadata
    return { namespace, name: `slipway-once-${uid}`, uid }
  }

  #remember(uid: string, secret: Secret): void {
    if (!this.#options.cached?.().hasSynced()) this.#known.set(uid, secret)
  }

  /** As it was when last seen; it may have changed since. */
  async #recall(owner: KubeObject): Promise<Secret | undefined> {
    const { namespace, name, uid } = this.#placeOf(owner)
    const cache = this.#options.cached?.()
    return cache?.hasSynced() ? cache.get(`${namespace}/${name}`) : (this.#known.get(uid) ?? this.#load(owner))
  }

  async #load(owner: KubeObject): Promise<Secret | undefined> {
    const { namespace, name, uid } = this.#placeOf(owner)
    try {
      const live = await this.#options.client.get(secrets, name, { namespace })
      this.#remember(uid, live)
      return live
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw error
    }
  }

  #save(owner: KubeObject, live: Secret | undefined, data: Record<string, string>): Promise<Secret> {
    const { client, ownerResource, fieldManager, operator } = this.#options
    const { namespace, name } = this.#placeOf(owner)
    if (live) {
      const { uid, resourceVersion } = live.metadata
      const body = { metadata: { uid, resourceVersion }, data }
      return client.patch(secrets, name, { type: 'merge', body }, { namespace, fieldManager })
    }
    const metadata = { name, namespace, labels: { [label]: operator }, ownerReferences: [controlledBy(ownerResource, owner)] }
    return client.create(secrets, { metadata, type: 'Opaque', data }, { namespace, fieldManager })
  }
}
