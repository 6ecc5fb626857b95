import { timeText } from '../../apimachinery/clock.ts'
import type { ContainerStatus, Pod, PodCondition, PodStatus } from '../../apimachinery/kinds.generated.ts'
import { containerStatus } from './container-status.ts'
import { qosOf } from './qos.ts'
import { outcomeOf } from './restart.ts'
import { isSidecar, isStarting, type PodView, runningContainers, runningSandbox } from './view.ts'

interface NodeAddresses {
  readonly hostIps: readonly string[]
}

type Phase = NonNullable<PodStatus['phase']>

const byName = (a: ContainerStatus, b: ContainerStatus): number => (a.name < b.name ? -1 : 1)

/** A pod that ends is Succeeded or Failed only once nothing of it runs any more. */
function phaseOf(view: PodView, statuses: readonly ContainerStatus[], isInitialized: boolean): Phase {
  const known = view.pod.status?.phase
  if (known === 'Succeeded' || known === 'Failed') return known
  const isQuiet = runningContainers(view).length === 0 && !isStarting(view)
  const outcome = outcomeOf(view)
  if (outcome && isQuiet) return outcome
  if (view.pod.metadata.deletionTimestamp && isQuiet && statuses.every((s) => s.state?.terminated))
    return statuses.every((s) => s.state?.terminated?.exitCode === 0) ? 'Succeeded' : 'Failed'
  if (!isInitialized) return 'Pending'
  const neverRan = statuses.some((s) => s.state?.waiting && !s.lastState?.terminated)
  return neverRan ? 'Pending' : 'Running'
}

interface Verdict {
  readonly status: 'True' | 'False'
  readonly reason?: string
  readonly message?: string
}

const yes: Verdict = { status: 'True' }

function initialized(view: PodView, init: readonly ContainerStatus[], phase: Phase): Verdict {
  const specs = view.pod.spec?.initContainers ?? []
  if (phase === 'Succeeded') return { status: 'True', ...(specs.length > 0 ? { reason: 'PodCompleted' } : {}) }
  const incomplete = specs.filter((spec) => {
    const status = init.find((s) => s.name === spec.name)
    return isSidecar(spec) ? !status?.started : !status?.ready
  })
  const hasStarted = view.observed.some((c) => c.role === 'container')
  if (incomplete.length === 0 || (hasStarted && runningSandbox(view) !== undefined)) return yes
  return {
    status: 'False',
    reason: 'ContainersNotInitialized',
    message: `containers with incomplete status: [${incomplete.map((c) => c.name).join(' ')}]`,
  }
}

function containersReady(statuses: readonly ContainerStatus[], sidecars: readonly ContainerStatus[], phase: Phase): Verdict {
  if (phase === 'Succeeded') return { status: 'False', reason: 'PodCompleted' }
  if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' }
  const unready = [...sidecars, ...statuses].filter((s) => !s.ready).map((s) => s.name)
  if (unready.length === 0) return yes
  return { status: 'False', reason: 'ContainersNotReady', message: `containers with unready status: [${unready.join(' ')}]` }
}

function ready(pod: Pod, containers: Verdict): Verdict {
  if (containers.status !== 'True') return containers
  const problems: string[] = []
  for (const { conditionType } of pod.spec?.readinessGates ?? []) {
    const condition = pod.status?.conditions?.find((c) => c.type === conditionType)
    if (!condition) problems.push(`corresponding condition of pod readiness gate "${conditionType}" does not exist.`)
    else if (condition.status !== 'True')
      problems.push(`the status of pod readiness gate "${conditionType}" is not "True", but ${condition.status}`)
  }
  return problems.length === 0 ? yes : { status: 'False', reason: 'ReadinessGatesNotReady', message: problems.join(', ') }
}

function condition(pod: Pod, type: string, verdict: Verdict, now: number): PodCondition {
  const before = pod.status?.conditions?.find((c) => c.type === type)
  const generation = pod.metadata.generation
  return {
    type,
    status: verdict.status,
    ...(verdict.reason ? { reason: verdict.reason } : {}),
    ...(verdict.message ? { message: verdict.message } : {}),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    lastTransitionTime:
      before?.status === verdict.status && before.lastTransitionTime ? before.lastTransitionTime : timeText(now),
  }
}

/** The condition types that the node agent writes; others belong to others and are left alone. */
const own = ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled']

function conditionsOf(
  view: PodView,
  parts: { init: ContainerStatus[]; main: ContainerStatus[]; phase: Phase; hasNetwork: boolean },
  now: number,
): PodCondition[] {
  const { pod } = view
  const sidecarNames = (pod.spec?.initContainers ?? []).filter(isSidecar).map((c) => c.name)
  const sidecars = parts.init.filter((s) => sidecarNames.includes(s.name))
  const containers = containersReady(parts.main, sidecars, parts.phase)
  const verdicts: Record<string, Verdict> = {
    PodReadyToStartContainers: parts.hasNetwork ? yes : { status: 'False' },
    Initialized: initialized(view, parts.init, parts.phase),
    Ready: ready(pod, containers),
    ContainersReady: containers,
    PodScheduled: yes,
  }
  return own.map((type) => condition(pod, type, verdicts[type] ?? yes, now))
}

function addressesOf(view: PodView, node: NodeAddresses): Pick<PodStatus, 'podIP' | 'podIPs' | 'hostIP' | 'hostIPs'> {
  const sandbox = runningSandbox(view)
  const [host = ''] = node.hostIps
  const ips = view.pod.spec?.hostNetwork ? (sandbox ? node.hostIps : []) : sandbox?.ip ? [sandbox.ip] : []
  const known = view.pod.status?.podIPs ?? []
  const podIps = ips.length > 0 ? ips : known.map((i) => i.ip)
  return {
    hostIP: host,
    hostIPs: node.hostIps.map((ip) => ({ ip })),
    ...(podIps.length > 0 ? { podIP: podIps[0] ?? '', podIPs: podIps.map((ip) => ({ ip })) } : {}),
  }
}

/** What the API is told of the pod. Pure. Conditions of others are not in it. */
export function statusOf(view: PodView, node: NodeAddresses, now: number): PodStatus {
  const { pod } = view
  const known = (list: readonly ContainerStatus[] | undefined, name: string) => list?.find((s) => s.name === name)
  const init = (pod.spec?.initContainers ?? []).map((c) =>
    containerStatus(view, c, known(pod.status?.initContainerStatuses, c.name), now),
  )
  const main = (pod.spec?.containers ?? [])
    .map((c) => containerStatus(view, c, known(pod.status?.containerStatuses, c.name), now))
    .sort(byName)
  const ephemeral = (pod.spec?.ephemeralContainers ?? [])
    .map((c) => containerStatus(view, c, known(pod.status?.ephemeralContainerStatuses, c.name), now))
    .sort(byName)
  // Once a container of the pod proper exists, the init containers are past, whatever became of them since.
  const wasInitialized = view.observed.some((c) => c.role === 'container')
  const isInitialized = wasInitialized || initialized(view, init, 'Running').status === 'True'
  const phase = phaseOf(view, main, isInitialized)
  const sandbox = runningSandbox(view)
  const hasNetwork = sandbox !== undefined && (pod.spec?.hostNetwork === true || sandbox.ip !== undefined)
  const failed = view.memory.failed
  const generation = pod.metadata.generation
  return {
    phase,
    ...(failed ? { reason: failed.reason, message: failed.message } : {}),
    ...addressesOf(view, node),
    startTime: pod.status?.startTime ?? timeText(now),
    qosClass: pod.status?.qosClass ?? qosOf(pod),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    conditions: conditionsOf(view, { init, main, phase, hasNetwork }, now),
    ...(init.length > 0 ? { initContainerStatuses: init } : {}),
    containerStatuses: main,
    ...(ephemeral.length > 0 ? { ephemeralContainerStatuses: ephemeral } : {}),
  }
}
