import type { Pod } from '../apimachinery/kinds.generated.ts'
import type { EngineEvent } from './docker/engine.ts'
import type { ObservedContainer } from './docker/observed.ts'
import type { NodeContext } from './node-context.ts'
import { PodWorker } from './pods/worker.ts'
import type { WatchedReferences } from './references.ts'

const uidOf = (pod: Pod): string => pod.metadata.uid ?? ''

/** All that is known of a pod whose object is gone: what its containers' labels say. */
const leftoverPod = (c: ObservedContainer): Pod => ({
  metadata: { uid: c.podUid, name: c.podName, namespace: c.podNamespace },
})

/** The workers of a node's pods, one a pod: gives each what concerns it. */
export class PodSet {
  readonly #context: NodeContext
  readonly #references: WatchedReferences
  readonly #workers = new Map<string, PodWorker>()
  /** Containers seen before their pods: at the start Docker is looked at first. */
  #unclaimed = new Map<string, ObservedContainer[]>()

  constructor(context: NodeContext, references: WatchedReferences) {
    this.#context = context
    this.#references = references
  }

  has(podUid: string): boolean {
    return this.#workers.has(podUid)
  }

  workers(): PodWorker[] {
    return [...this.#workers.values()]
  }

  /** The newest pod of that name; one that is being deleted gives way to its successor. */
  find(namespace: string, name: string): PodWorker | undefined {
    const all = this.workers().filter((w) => w.pod.metadata.name === name && w.pod.metadata.namespace === namespace)
    return all.sort(
      (a, b) => Date.parse(b.pod.metadata.creationTimestamp ?? '') - Date.parse(a.pod.metadata.creationTimestamp ?? ''),
    )[0]
  }

  /** A pod of this node changed in the API; `now` undefined: its object is gone (or moved to another pod of its name). */
  setPod(now: Pod | undefined, before: Pod | undefined): void {
    if (before && (!now || uidOf(now) !== uidOf(before))) this.#workers.get(uidOf(before))?.setPod(undefined)
    if (!now) return
    this.#references.use(now)
    const worker = this.#workers.get(uidOf(now))
    if (worker) worker.setPod(now)
    else this.#adopt(this.#add(now, false))
  }

  #add(pod: Pod, removed: boolean): PodWorker {
    const uid = uidOf(pod)
    const worker = new PodWorker(this.#context, pod, removed, () => {
      this.#workers.delete(uid)
      this.#references.release(uid)
    })
    this.#workers.set(uid, worker)
    return worker
  }

  #adopt(worker: PodWorker): void {
    const containers = this.#unclaimed.get(uidOf(worker.pod)) ?? []
    this.#unclaimed.delete(uidOf(worker.pod))
    void worker.observeAll(containers)
  }

  /** Everything Docker has for this node. What no pod claims is removed by `removeOrphans`. */
  async observeAll(containers: readonly ObservedContainer[]): Promise<void> {
    const byPod = Map.groupBy(containers, (c) => c.podUid)
    await Promise.all([...this.#workers].map(([uid, worker]) => worker.observeAll(byPod.get(uid) ?? [])))
    this.#unclaimed = new Map([...byPod].filter(([uid]) => !this.#workers.has(uid)))
  }

  /** Ends the containers of pods that the API does not know. To be called once all pods were set. */
  removeOrphans(): void {
    for (const containers of [...this.#unclaimed.values()]) {
      const [first] = containers
      if (first) this.#adopt(this.#add(leftoverPod(first), true))
    }
  }

  onEngineEvent(event: EngineEvent): void {
    this.#workers.get(event.podUid)?.inspect(event.containerId)
  }

  referencesChanged(podUids: ReadonlySet<string>): void {
    for (const uid of podUids) this.#workers.get(uid)?.refreshVolumes()
  }

  stop(): void {
    for (const worker of this.#workers.values()) worker.stop()
  }
}
