import { timeText } from '../../apimachinery/clock.ts'
import type { Container, ContainerState, ContainerStatus } from '../../apimachinery/kinds.generated.ts'
import type { ObservedContainer } from '../docker/observed.ts'
import { hasLimits } from './qos.ts'
import { nextAttempt, outcomeOf, restarts } from './restart.ts'
import { type AnyContainer, isSidecar, latest, type PodView, previous } from './view.ts'

/** containerd's time of a container that never started. */
const never = '1970-01-01T00:00:00Z'

function terminatedState(c: ObservedContainer): ContainerState {
  const reason = c.startError ? 'StartError' : c.oomKilled ? 'OOMKilled' : c.exitCode === 0 ? 'Completed' : 'Error'
  const message = c.startError ?? c.message
  return {
    terminated: {
      exitCode: c.exitCode,
      reason,
      ...(message ? { message } : {}),
      startedAt: c.startedAt > 0 ? timeText(c.startedAt) : never,
      finishedAt: timeText(c.finishedAt),
      containerID: `docker://${c.id}`,
    },
  }
}

/** `back-off 10s`, as Go prints a duration. */
function goSeconds(seconds: number): string {
  const minutes = Math.floor(seconds / 60)
  return minutes > 0 ? `${minutes}m${seconds % 60}s` : `${seconds}s`
}

function waitingState(view: PodView, container: AnyContainer, last: ObservedContainer | undefined, now: number): ContainerState {
  const waiting = view.memory.waiting.get(container.name)
  if (waiting) return { waiting: { reason: waiting.reason, ...(waiting.message ? { message: waiting.message } : {}) } }
  if (last && nextAttempt(last).at > now) {
    const { name, namespace, uid } = view.pod.metadata
    const message = `back-off ${goSeconds(last.backoffSeconds)} restarting failed container=${container.name} pod=${name}_${namespace}(${uid})`
    return { waiting: { reason: 'CrashLoopBackOff', message } }
  }
  const volumes = view.memory.waiting.get('volumes')
  if (volumes && !view.pod.spec?.initContainers?.length) return { waiting: { reason: 'ContainerCreating' } }
  return { waiting: { reason: view.pod.spec?.initContainers?.length ? 'PodInitializing' : 'ContainerCreating' } }
}

function willRestart(view: PodView, container: AnyContainer, last: ObservedContainer): boolean {
  if (last.role === 'ephemeral' || outcomeOf(view)) return false
  if (view.removed || view.pod.metadata.deletionTimestamp) return false
  return restarts(view.pod, container as Container, last)
}

function stateOf(view: PodView, container: AnyContainer, last: ObservedContainer | undefined, now: number): ContainerState {
  if (!last || last.state === 'created') return waitingState(view, container, undefined, now)
  if (last.state === 'running') return { running: { startedAt: timeText(last.startedAt) } }
  // A failed start is told as what the container waits for, once there is something to wait for.
  const isWaiting = view.memory.waiting.has(container.name) || nextAttempt(last).at > now
  return willRestart(view, container, last) && isWaiting ? waitingState(view, container, last, now) : terminatedState(last)
}

function mountStatuses(container: AnyContainer): Pick<ContainerStatus, 'volumeMounts'> {
  const mounts = container.volumeMounts ?? []
  if (mounts.length === 0) return {}
  return {
    volumeMounts: mounts.map((m) => ({
      name: m.name,
      mountPath: m.mountPath,
      ...(m.readOnly ? { readOnly: true, recursiveReadOnly: 'Disabled' } : {}),
    })),
  }
}

/** Whether a container counts as ready, and as started. */
function readiness(
  view: PodView,
  container: AnyContainer,
  last: ObservedContainer | undefined,
): { ready: boolean; started: boolean } {
  if (last?.state === 'running') {
    const health = view.memory.health.get(last.id)
    return { ready: (health?.started && health.ready) ?? false, started: health?.started ?? false }
  }
  const isDoneInit = last?.role === 'init' && last.state === 'exited' && last.exitCode === 0 && !isSidecar(container as Container)
  return { ready: isDoneInit, started: false }
}

/** The status of one container of the pod. Of a pod that has ended, what the API already knows stays when Docker lost it. */
export function containerStatus(
  view: PodView,
  container: AnyContainer,
  known: ContainerStatus | undefined,
  now: number,
): ContainerStatus {
  const last = latest(view, container.name)
  if (!last && known?.state?.terminated && outcomeOf(view)) return known
  const before = previous(view, container.name)
  const state = stateOf(view, container, last, now)
  const lastState =
    state.waiting && last?.state === 'exited' ? terminatedState(last) : before ? terminatedState(before) : known?.lastState
  const { ready, started } = readiness(view, container, last)
  const resources = container.resources
  return {
    name: container.name,
    state,
    lastState: lastState ?? {},
    ready,
    restartCount: last?.attempt ?? known?.restartCount ?? 0,
    image: last?.image || (container.image ?? ''),
    imageID: last ? `docker://${last.imageId}` : '',
    ...(last && last.state !== 'created' ? { containerID: `docker://${last.id}` } : {}),
    started,
    ...(last?.state === 'running' && resources?.requests ? { allocatedResources: resources.requests } : {}),
    ...(last?.state === 'running' && hasLimits(last, container) ? { resources: resources ?? {} } : {}),
    ...(last?.state === 'running' && container.lifecycle?.stopSignal ? { stopSignal: container.lifecycle.stopSignal } : {}),
    ...mountStatuses(container),
  }
}
