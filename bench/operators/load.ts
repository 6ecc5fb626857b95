import { setTimeout as wait } from 'node:timers/promises'
import { Database } from '../../examples/operators/database/operator.ts'
import type { KubeObject } from '../../src/apimachinery/object.ts'
import type { Resource } from '../../src/apimachinery/resource.ts'
import { namespaces, statefulsets } from '../../src/apimachinery/resources.generated.ts'
import type { Client } from '../../src/client/client.ts'

export interface Latencies {
  readonly p50_ms: number
  readonly p99_ms: number
}

const namespace = 'bench'
const nameOf = (i: number) => `db-${i}`
const atOnce = 32

/** Makes `n` objects, every second one with a backup. */
export async function made(client: Client, n: number): Promise<void> {
  await client.create(namespaces, { metadata: { name: namespace } })
  let next = 0
  const worker = async () => {
    for (let i = next++; i < n; i = next++) {
      const spec = i % 2 === 0 ? { backup: {} } : {}
      await client.create(Database, Database.make({ name: nameOf(i), namespace }, spec), { namespace })
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}

/** Resolves when `n` objects have a status of their generation. */
export async function converged(client: Client, n: number): Promise<void> {
  const done = new Set<string>()
  await follow(client, Database, (db) => {
    if (db.status?.observedGeneration === db.metadata.generation) done.add(db.metadata.name ?? '')
    return done.size >= n
  })
}

/** From an accepted change of an object to the change of its child, of `changes` objects, `rate` a second. */
export async function changed(client: Client, changes: number, rate: number): Promise<Latencies> {
  const began = new Map<string, number>()
  const taken: number[] = []
  const replicas = 3
  const seen = follow(client, statefulsets, (set) => {
    const name = set.metadata.name ?? ''
    const since = began.get(name)
    if (set.spec?.replicas === replicas && since !== undefined) {
      taken.push(performance.now() - since)
      began.delete(name)
    }
    return taken.length >= changes
  })
  const sent: Promise<unknown>[] = []
  for (let i = 0; i < changes; i++) {
    began.set(nameOf(i), performance.now())
    sent.push(client.patch(Database, nameOf(i), { type: 'merge', body: { spec: { replicas } } }, { namespace }))
    // The load is so many changes a second, whatever becomes of them.
    await wait(1000 / rate)
  }
  await Promise.all([seen, ...sent])
  taken.sort((a, b) => a - b)
  const at = (share: number) => Math.round((taken[Math.floor((taken.length - 1) * share)] ?? 0) * 10) / 10
  return { p50_ms: at(0.5), p99_ms: at(0.99) }
}

/** Every object now and as it changes, until `isEnough`. */
async function follow<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  isEnough: (object: T) => boolean,
): Promise<void> {
  const stop = new AbortController()
  const options = { namespace, sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan', allowWatchBookmarks: true } as const
  for await (const batch of client.watch(resource, { ...options, signal: stop.signal }))
    for (const { type, object } of batch) if (type !== 'BOOKMARK' && isEnough(object as T)) stop.abort()
}
