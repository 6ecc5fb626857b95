import type { Kubectl } from './kubectl.ts'

interface ReplicaSet {
  readonly metadata: { readonly name: string; readonly generation: number }
  readonly spec: { readonly replicas: number }
  readonly status?: { readonly observedGeneration?: number; readonly readyReplicas?: number }
}

/** What the ReplicaSet controller and nodes would report, about once a second, until `signal` aborts. */
export async function keepPodsReady(selector: string, namespace: string, kubectl: Kubectl, signal: AbortSignal): Promise<void> {
  const at = ['-n', namespace]
  while (!signal.aborted) {
    const { items } = JSON.parse(await kubectl.must([...at, 'get', 'rs', '-l', selector, '-o', 'json'])) as {
      items: ReplicaSet[]
    }
    for (const set of items.filter((s) => !isReported(s))) {
      const n = set.spec.replicas
      const all = { replicas: n, readyReplicas: n, availableReplicas: n, fullyLabeledReplicas: n }
      const patch = JSON.stringify({ status: { ...all, observedGeneration: set.metadata.generation } })
      await kubectl.try([...at, 'patch', 'rs', set.metadata.name, '--subresource=status', '--type=merge', '-p', patch])
    }
    await new Promise((resolve) => setTimeout(resolve, 1000))
  }
}

function isReported({ metadata, spec, status }: ReplicaSet): boolean {
  return status?.observedGeneration === metadata.generation && (status.readyReplicas ?? 0) === spec.replicas
}
