import type { Container, Pod } from '../../apimachinery/kinds.generated.ts'
import type { ObservedContainer } from '../docker/observed.ts'
import { isSidecar, latest, type PodView } from './view.ts'

const initialBackoff = 10
const longestBackoff = 300
/** A container that ran this long starts its back-off from the beginning. */
const backoffResetMs = 2 * longestBackoff * 1000

type RestartPolicy = 'Always' | 'OnFailure' | 'Never'

/** Whether `container`, having ended as `exited`, is to run again in this pod. */
export function restarts(pod: Pod, container: Container, exited: ObservedContainer): boolean {
  const rule = container.restartPolicyRules?.find((r) => {
    const values = r.exitCodes?.values ?? []
    return r.exitCodes?.operator === 'In' ? values.includes(exited.exitCode) : !values.includes(exited.exitCode)
  })
  if (rule) return true
  const podPolicy = pod.spec?.restartPolicy ?? 'Always'
  const policy = (container.restartPolicy ?? podPolicy) as RestartPolicy
  if (exited.role === 'init' && !isSidecar(container)) return exited.exitCode !== 0 && policy !== 'Never'
  return policy === 'Always' || (policy === 'OnFailure' && exited.exitCode !== 0)
}

/**
 * When a container that ended may start again, and the back-off its next attempt carries (as kubelet: at once after the first
 * end, then 10 s doubling up to 5 min, from the beginning after 10 min of life).
 */
export function nextAttempt(exited: ObservedContainer): { at: number; backoffSeconds: number } {
  const lived = exited.finishedAt - exited.createdAt
  if (exited.backoffSeconds === 0 || lived > backoffResetMs) return { at: exited.finishedAt, backoffSeconds: initialBackoff }
  return {
    at: exited.finishedAt + exited.backoffSeconds * 1000,
    backoffSeconds: Math.min(exited.backoffSeconds * 2, longestBackoff),
  }
}

/** The delay before trial `failures` + 1 of something that failed (an image pull, a volume): 10 s doubling up to 5 min. */
export const retryDelay = (failures: number): number =>
  Math.min(initialBackoff * 2 ** Math.max(0, failures - 1), longestBackoff) * 1000

/** How the pod has ended: every container has, and none is to run again. Undefined while it goes on. */
export function outcomeOf(view: PodView): 'Succeeded' | 'Failed' | undefined {
  const { pod } = view
  const phase = pod.status?.phase
  if (phase === 'Succeeded' || phase === 'Failed') return phase
  if (view.memory.failed) return 'Failed'
  for (const init of pod.spec?.initContainers ?? []) {
    const last = latest(view, init.name)
    if (last?.state === 'exited' && last.exitCode !== 0 && !isSidecar(init) && !restarts(pod, init, last)) return 'Failed'
  }
  const containers = pod.spec?.containers ?? []
  if (containers.length === 0) return undefined
  let failed = false
  for (const container of containers) {
    const last = latest(view, container.name)
    if (last?.state !== 'exited' || restarts(pod, container, last)) return undefined
    failed ||= last.exitCode !== 0
  }
  return failed ? 'Failed' : 'Succeeded'
}
