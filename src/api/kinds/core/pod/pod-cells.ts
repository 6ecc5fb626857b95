import type { ContainerStatus, Pod, PodCondition } from '../../../../apimachinery/kinds.generated.ts'
import { age, since } from '../../table.ts'

interface Summary {
  reason: string
  ready: number
  restarts: number
  lastRestart: string | undefined
}

const isTrue = (conditions: readonly PodCondition[] | undefined, type: string): boolean =>
  conditions?.find((c) => c.type === type)?.status === 'True'

function later(a: string | undefined, b: string | null | undefined): string | undefined {
  if (!b) return a
  return a === undefined || a < b ? b : a
}

const terminatedReason = (t: { reason?: string; signal?: number; exitCode?: number }): string =>
  t.reason || (t.signal ? `Signal:${t.signal}` : `ExitCode:${t.exitCode ?? 0}`)

function initialReason(pod: Pod): string {
  const { status } = pod
  const gated = status?.conditions?.some((c) => c.type === 'PodScheduled' && c.reason === 'SchedulingGated')
  return gated ? 'SchedulingGated' : status?.reason || status?.phase || ''
}

/** Why an init container holds the pod back; undefined when it does not. */
function initReason(container: ContainerStatus, index: number, total: number): string {
  const { terminated, waiting } = container.state ?? {}
  if (terminated) return `Init:${terminatedReason(terminated)}`
  if (waiting?.reason && waiting.reason !== 'PodInitializing') return `Init:${waiting.reason}`
  return `Init:${index}/${total}`
}

/** The init containers' part; `sidecars` are the restarts that count once the pod is initialized. */
function summarizeInit(pod: Pod, sum: Summary): { initializing: boolean; restarts: number; lastRestart: string | undefined } {
  const containers = pod.spec?.initContainers ?? []
  const sidecars = { initializing: false, restarts: 0, lastRestart: undefined as string | undefined }
  for (const [i, container] of (pod.status?.initContainerStatuses ?? []).entries()) {
    const isSidecar = containers.find((c) => c.name === container.name)?.restartPolicy === 'Always'
    const finished = container.lastState?.terminated?.finishedAt
    sum.restarts += container.restartCount ?? 0
    sum.lastRestart = later(sum.lastRestart, finished)
    if (isSidecar) {
      sidecars.restarts += container.restartCount ?? 0
      sidecars.lastRestart = later(sidecars.lastRestart, finished)
    }
    const { terminated } = container.state ?? {}
    if (terminated && (terminated.exitCode ?? 0) === 0) continue
    if (isSidecar && container.started) {
      if (container.ready) sum.ready++
      continue
    }
    sum.reason = initReason(container, i, containers.length)
    sidecars.initializing = true
    break
  }
  return sidecars
}

function summarizeContainers(pod: Pod, sum: Summary): void {
  let hasRunning = false
  let errorReason = ''
  for (const container of (pod.status?.containerStatuses ?? []).toReversed()) {
    sum.restarts += container.restartCount ?? 0
    sum.lastRestart = later(sum.lastRestart, container.lastState?.terminated?.finishedAt)
    const { waiting, terminated, running } = container.state ?? {}
    if (waiting?.reason) sum.reason = waiting.reason
    else if (terminated) {
      sum.reason = terminatedReason(terminated)
      if (terminated.exitCode) errorReason = sum.reason
    } else if (container.ready && running) {
      hasRunning = true
      sum.ready++
    }
  }
  if (sum.reason !== 'Completed') return
  if (hasRunning && isTrue(pod.status?.conditions, 'Ready')) sum.reason = 'Running'
  else if (errorReason !== '') sum.reason = errorReason
  else if (hasRunning) sum.reason = 'NotReady'
}

function summarize(pod: Pod): Summary {
  const sum: Summary = { reason: initialReason(pod), ready: 0, restarts: 0, lastRestart: undefined }
  const init = summarizeInit(pod, sum)
  if (!init.initializing || isTrue(pod.status?.conditions, 'Initialized')) {
    sum.restarts = init.restarts
    sum.lastRestart = init.lastRestart
    summarizeContainers(pod, sum)
  }
  if (!pod.metadata.deletionTimestamp) return sum
  const { phase, reason } = pod.status ?? {}
  if (reason === 'NodeLost') sum.reason = 'Unknown'
  else if (phase !== 'Failed' && phase !== 'Succeeded') sum.reason = 'Terminating'
  return sum
}

function gatesCell(pod: Pod): string {
  const gates = pod.spec?.readinessGates ?? []
  if (gates.length === 0) return '<none>'
  return `${gates.filter((g) => isTrue(pod.status?.conditions, g.conditionType)).length}/${gates.length}`
}

/** The cells of a pod, as kubectl's STATUS and RESTARTS are known. */
export function podCells(pod: Pod, now: number): unknown[] {
  const { spec, status } = pod
  const { reason, ready, restarts, lastRestart } = summarize(pod)
  const sidecars = (spec?.initContainers ?? []).filter((c) => c.restartPolicy === 'Always').length
  return [
    pod.metadata.name,
    `${ready}/${(spec?.containers ?? []).length + sidecars}`,
    reason,
    restarts !== 0 && lastRestart ? `${restarts} (${since(lastRestart, now)} ago)` : String(restarts),
    age(pod, now),
    status?.podIPs?.[0]?.ip || '<none>',
    spec?.nodeName || '<none>',
    status?.nominatedNodeName || '<none>',
    gatesCell(pod),
  ]
}

const finished: Readonly<Record<string, string>> = {
  Succeeded: 'The pod has completed successfully.',
  Failed: 'The pod failed.',
}

/** A pod that is done is said to be so beside its cells. */
export function podRowConditions({ status }: Pod): object[] | undefined {
  const reason = status?.phase ?? ''
  const message = finished[reason]
  return message === undefined ? undefined : [{ type: 'Completed', status: 'True', reason, message }]
}
