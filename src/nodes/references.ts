import type { ConfigMap, Pod, Secret } from '../apimachinery/kinds.generated.ts'
import type { KubeObject } from '../apimachinery/object.ts'
import type { Resource } from '../apimachinery/resource.ts'
import { configmaps, secrets } from '../apimachinery/resources.generated.ts'
import { isNotFound } from '../apimachinery/status.ts'
import type { Client } from '../client/client.ts'
import { createInformer, type Informer } from '../client/informer.ts'
import type { References } from './pods/environment.ts'

/** The ConfigMaps and Secrets that pods of this node refer to, each watched by itself while a pod does. */
export interface WatchedReferences extends References {
  /** What `pod` refers to from now on. */
  use(pod: Pod): void
  release(podUid: string): void
}

interface Watched<T extends KubeObject> {
  readonly informer: Informer<T>
  readonly users: Set<string>
  readonly stop: AbortController
}

/** Names of the ConfigMaps and Secrets that a pod's spec refers to. */
function referencesOf(pod: Pod): { configMaps: Set<string>; secrets: Set<string> } {
  const spec = pod.spec
  const maps = new Set<string>()
  const secretNames = new Set<string>()
  const add = (set: Set<string>, name: string | undefined) => name && set.add(name)
  for (const volume of spec?.volumes ?? []) {
    add(maps, volume.configMap?.name)
    add(secretNames, volume.secret?.secretName)
    for (const source of volume.projected?.sources ?? []) {
      add(maps, source.configMap?.name)
      add(secretNames, source.secret?.name)
    }
  }
  for (const c of [...(spec?.initContainers ?? []), ...(spec?.containers ?? []), ...(spec?.ephemeralContainers ?? [])]) {
    for (const env of c.env ?? []) {
      add(maps, env.valueFrom?.configMapKeyRef?.name)
      add(secretNames, env.valueFrom?.secretKeyRef?.name)
    }
    for (const source of c.envFrom ?? []) {
      add(maps, source.configMapRef?.name)
      add(secretNames, source.secretRef?.name)
    }
  }
  for (const secret of spec?.imagePullSecrets ?? []) add(secretNames, secret.name)
  return { configMaps: maps, secrets: secretNames }
}

function watchedSet<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  onChange: (podUids: ReadonlySet<string>) => void,
  onError: (error: unknown, what: string) => void,
) {
  const byKey = new Map<string, Watched<T>>()
  const watch = (namespace: string, name: string): Watched<T> => {
    const informer = createInformer(client, resource, { namespace, fieldSelector: `metadata.name=${name}`, onError })
    const watched = { informer, users: new Set<string>(), stop: new AbortController() }
    informer.onChange((_now, _before, initial) => initial || onChange(watched.users))
    informer.start(watched.stop.signal)
    return watched
  }
  return {
    use(podUid: string, namespace: string, names: ReadonlySet<string>) {
      for (const name of names) {
        const key = `${namespace}/${name}`
        const watched = byKey.get(key) ?? watch(namespace, name)
        byKey.set(key, watched)
        watched.users.add(podUid)
      }
    },
    release(podUid: string) {
      for (const [key, watched] of byKey) {
        if (!watched.users.delete(podUid) || watched.users.size > 0) continue
        watched.stop.abort()
        byKey.delete(key)
      }
    },
    /** From the watch; what it does not have (yet) is asked for. */
    async get(namespace: string, name: string): Promise<T | undefined> {
      const watched = byKey.get(`${namespace}/${name}`)
      if (watched) await watched.informer.synced()
      const known = watched?.informer.get(`${namespace}/${name}`)
      if (known) return known
      try {
        return await client.get(resource, name, { namespace })
      } catch (error) {
        if (isNotFound(error)) return undefined
        throw error
      }
    },
    stop() {
      for (const watched of byKey.values()) watched.stop.abort()
    },
  }
}

/** `onChange` is told which pods refer to what has changed. */
export function watchReferences(
  client: Client,
  options: {
    readonly onChange: (podUids: ReadonlySet<string>) => void
    readonly onError: (error: unknown, what: string) => void
    readonly signal: AbortSignal
  },
): WatchedReferences {
  const maps = watchedSet<ConfigMap>(client, configmaps, options.onChange, options.onError)
  const hidden = watchedSet<Secret>(client, secrets, options.onChange, options.onError)
  options.signal.addEventListener('abort', () => {
    maps.stop()
    hidden.stop()
  })
  return {
    configMap: maps.get,
    secret: hidden.get,
    use(pod) {
      const { uid = '', namespace = '' } = pod.metadata
      const names = referencesOf(pod)
      maps.use(uid, namespace, names.configMaps)
      hidden.use(uid, namespace, names.secrets)
    },
    release(podUid) {
      maps.release(podUid)
      hidden.release(podUid)
    },
  }
}
