// Whether objects are what their users would call ready.
import type { Unstructured } from '../../apimachinery/object.ts'

type Json = { [key: string]: unknown }
const part = (o: Unstructured, name: string): Json => (o[name] as Json | undefined) ?? {}
const number = (v: unknown, otherwise = 0) => (typeof v === 'number' ? v : otherwise)
const condition = (o: Unstructured, type: string) =>
  (
    (part(o, 'status').conditions as { type: string; status: string; message?: string; reason?: string }[] | undefined) ?? []
  ).find((c) => c.type === type)

const ready = undefined

/** Why the object is not ready; undefined when it is. Throws Error when it never will be (a failed Job, a failed hook Pod). */
export function notReady(o: Unstructured, waitForJobs: boolean): string | undefined {
  const [spec, status] = [part(o, 'spec'), part(o, 'status')]
  const seen = number(status.observedGeneration) >= number(o.metadata.generation)
  switch (o.kind) {
    case 'Pod':
      return condition(o, 'Ready')?.status === 'True' || status.phase === 'Succeeded'
        ? ready
        : `phase ${String(status.phase ?? 'unknown')}`
    case 'Job':
      return waitForJobs ? jobNotDone(o) : ready
    case 'Deployment': {
      const wanted = number(spec.replicas, 1)
      if (spec.paused === true) return ready
      const stuck = condition(o, 'Progressing')
      if (stuck?.reason === 'ProgressDeadlineExceeded')
        throw new Error(`Deployment ${o.metadata.name} made no progress in time: ${stuck.message ?? ''}`)
      const [all, updated, available] = ['replicas', 'updatedReplicas', 'availableReplicas'].map((k) => number(status[k]))
      // Pods of the template before count as available: they must be gone first.
      const old = Math.max(0, (all as number) - (updated as number))
      if (seen && old > 0) return `${old} pods of the version before are still there`
      return seen && (updated as number) >= wanted && (available as number) >= wanted
        ? ready
        : `${available} of ${wanted} pods are available`
    }
    case 'StatefulSet': {
      const wanted = number(spec.replicas, 1)
      const is = number(status.readyReplicas)
      const updated = (spec.updateStrategy as Json | undefined)?.type === 'OnDelete' || number(status.updatedReplicas) >= wanted
      return seen && is >= wanted && updated ? ready : `${is} of ${wanted} pods are ready`
    }
    case 'DaemonSet': {
      const wanted = number(status.desiredNumberScheduled)
      return seen && number(status.numberReady) >= wanted && number(status.updatedNumberScheduled) >= wanted
        ? ready
        : `${number(status.numberReady)} of ${wanted} pods are ready`
    }
    case 'PersistentVolumeClaim':
      return status.phase === 'Bound' ? ready : `phase ${String(status.phase)}`
    case 'Service': {
      const waits = spec.type === 'LoadBalancer' && !(spec.externalIPs as string[] | undefined)?.length
      const ingress = (status.loadBalancer as { ingress?: unknown[] } | undefined)?.ingress
      return waits && !ingress?.length ? 'has no load balancer address' : ready
    }
    case 'CustomResourceDefinition':
      return condition(o, 'Established')?.status === 'True' ? ready : 'is not established'
    default:
      return ready
  }
}

function jobNotDone(o: Unstructured): string | undefined {
  const failed = condition(o, 'Failed')
  if (failed?.status === 'True') throw new Error(`Job ${o.metadata.name} failed: ${failed.reason ?? ''}: ${failed.message ?? ''}`)
  return condition(o, 'Complete')?.status === 'True' ? undefined : 'is not complete'
}

/** As notReady, for hooks: Jobs and Pods must end well. */
export function hookNotDone(o: Unstructured): string | undefined {
  if (o.kind === 'Job') return jobNotDone(o)
  if (o.kind !== 'Pod') return undefined
  const { phase } = part(o, 'status')
  if (phase === 'Failed') throw new Error(`Pod ${o.metadata.name} failed`)
  return phase === 'Succeeded' ? undefined : `phase ${String(phase)}`
}
