import type { Pod } from '../../apimachinery/kinds.generated.ts'
import { pods } from '../../apimachinery/resources.generated.ts'
import { isConflict, isNotFound } from '../../apimachinery/status.ts'
import { limitPod, removeCgroups } from '../docker/cgroups.ts'
import { dockerMessage } from '../docker/engine.ts'
import type { ObservedContainer } from '../docker/observed.ts'
import { type NodeContext, podDirOf } from '../node-context.ts'
import type { PreparedVolume } from '../volumes/kind.ts'
import { MountError, prepareVolumes } from '../volumes/prepare.ts'
import { tearDown } from '../volumes/tear-down.ts'
import { ConfigError } from './config-error.ts'
import type { Action } from './decide.ts'
import { runHook } from './hooks.ts'
import { retryDelay } from './restart.ts'
import { startContainer } from './start-container.ts'
import { startSandbox } from './start-sandbox.ts'
import { type PodView, runningSandbox, type Waiting } from './view.ts'

/** The pod as its worker holds it: what an action reads, and where it puts what it found. */
export interface PodState {
  view(): PodView
  volumes: ReadonlyMap<string, PreparedVolume>
  /** Of files that must be renewed. */
  refreshAt: number | undefined
  setVolumes(state: 'ready' | 'gone'): void
  readonly waiting: Map<string, Waiting>
  /** Looks at a container in Docker and notes what it says. */
  look(id: string): Promise<void>
  /** Notes what Docker says of a container; undefined: it is gone. */
  observe(id: string, container: ObservedContainer | undefined): void
  podIps(): readonly string[]
  event(type: 'Normal' | 'Warning', reason: string, message: string, container?: { name: string; field: string }): void
  statusWritten(): Promise<void>
}

function volumeContext(context: NodeContext, state: PodState, pod: Pod) {
  return {
    pod,
    podDir: podDirOf(context, pod.metadata.uid ?? ''),
    cacheDir: `${context.dataDir}/cache`,
    docker: context.engine.docker,
    sources: context.sources,
    tokens: context.tokens,
    podIps: state.podIps(),
    hostIps: context.hostIps,
    allocatable: context.allocatable,
    now: context.clock.now(),
  }
}

function wait(context: NodeContext, state: PodState, key: string, reason: string, message: string): void {
  const before = state.waiting.get(key)
  const isSame = before !== undefined && (before.reason === reason || before.reason === backedOff[reason])
  const failures = isSame ? before.failures + 1 : 1
  state.waiting.set(key, { reason, message, failures, retryAt: context.clock.now() + retryDelay(failures) })
}

/** What a reason is called while its back-off lasts. */
const backedOff: Readonly<Record<string, string>> = { ErrImagePull: 'ImagePullBackOff' }

/** Makes the volumes, or brings them up to date. */
export async function doPrepareVolumes(context: NodeContext, state: PodState): Promise<void> {
  const { pod } = state.view()
  try {
    const made = await prepareVolumes(volumeContext(context, state, pod))
    state.volumes = made
    const times = [...made.values()].map((v) => v.refreshAt).filter((t) => t !== undefined)
    state.refreshAt = times.length > 0 ? Math.min(...times) : undefined
    state.waiting.delete('volumes')
    state.setVolumes('ready')
  } catch (error) {
    const message = error instanceof MountError ? error.message : String(error)
    state.event('Warning', 'FailedMount', message)
    wait(context, state, 'volumes', 'FailedMount', message)
    throw error
  }
}

async function doCreateSandbox(context: NodeContext, state: PodState, attempt: number): Promise<void> {
  const { pod } = state.view()
  if (attempt > 0) state.event('Normal', 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.')
  try {
    const sandbox = await startSandbox(context, pod, attempt)
    state.waiting.delete('sandbox')
    state.observe(sandbox.id, sandbox)
  } catch (error) {
    const message = dockerMessage(error)
    context.log.error('sandbox not created', error, { pod: `${pod.metadata.namespace}/${pod.metadata.name}` })
    state.event('Warning', 'FailedCreatePodSandBox', `Failed to create pod sandbox: ${message}`)
    wait(context, state, 'sandbox', 'FailedCreatePodSandBox', message)
  }
}

const fieldOf = { init: 'spec.initContainers', container: 'spec.containers', ephemeral: 'spec.ephemeralContainers' } as const

async function doStart(context: NodeContext, state: PodState, action: Extract<Action, { kind: 'start' }>): Promise<void> {
  const { pod, observed } = state.view()
  const { container, role } = action
  const event = (type: 'Normal' | 'Warning', reason: string, message: string) =>
    state.event(type, reason, message, { name: container.name, field: fieldOf[role] })
  const target = 'targetContainerName' in container ? container.targetContainerName : undefined
  const targetId = target ? observed.find((c) => c.name === target && c.state === 'running')?.id : undefined
  try {
    const { id, startError } = await startContainer(context, action, {
      pod,
      podIps: state.podIps(),
      volumes: state.volumes,
      targetId,
      event,
    })
    state.waiting.delete(container.name)
    await state.look(id)
    const { postStart } = container.lifecycle ?? {}
    if (postStart && startError === undefined) await afterStart(context, state, action, id, event)
  } catch (error) {
    const reason = error instanceof ConfigError ? error.reason : 'CreateContainerError'
    const message = dockerMessage(error)
    noteFailure(reason, message, container.image ?? '', event)
    wait(context, state, container.name, reason, message)
  }
}

function noteFailure(
  reason: string,
  message: string,
  image: string,
  event: (type: 'Warning', reason: string, message: string) => void,
): void {
  if (reason === 'ErrImagePull') event('Warning', 'Failed', `Failed to pull image "${image}": ${message}`)
  if (reason === 'ErrImageNeverPull') event('Warning', 'ErrImageNeverPull', message)
  if (reason === 'InvalidImageName') event('Warning', 'InspectFailed', message)
  event('Warning', 'Failed', `Error: ${reason === 'ErrImagePull' || reason === 'ErrImageNeverPull' ? reason : message}`)
}

const longestHookMs = 24 * 3600 * 1000

async function afterStart(
  context: NodeContext,
  state: PodState,
  action: Extract<Action, { kind: 'start' }>,
  id: string,
  event: (type: 'Normal' | 'Warning', reason: string, message: string) => void,
): Promise<void> {
  const { postStart } = action.container.lifecycle ?? {}
  const [podIp = ''] = state.podIps()
  const target = { container: { name: action.container.name, ports: action.container.ports ?? [] }, id, podIp }
  try {
    if (postStart) await runHook(context, postStart, target, longestHookMs)
  } catch (error) {
    event('Warning', 'FailedPostStartHook', 'PostStartHook failed')
    event('Normal', 'Killing', 'FailedPostStartHook')
    context.log.warn('postStart hook failed', { container: action.container.name, why: String(error) })
    await context.engine.signal(id, 'SIGKILL')
    await state.look(id)
  }
}

async function doResize(context: NodeContext, state: PodState, action: Extract<Action, { kind: 'resize' }>): Promise<void> {
  const { cpuShares, cpuQuota, memory } = action.limits
  const cpu = { CpuShares: cpuShares, CpuPeriod: 100_000, CpuQuota: cpuQuota > 0 ? cpuQuota : -1 }
  try {
    const { pod } = state.view()
    // The pod's own limit may stand in the way of the container's; where it cannot be set, there is none.
    await limitPod(pod, context.daemon.cgroupDriver).catch(() => undefined)
    await context.engine.docker
      .getContainer(action.id)
      .update({ ...cpu, ...(memory > 0 ? { Memory: memory, MemorySwap: memory } : {}) })
    state.waiting.delete(`resize:${action.id}`)
    await state.look(action.id)
  } catch (error) {
    state.event('Warning', 'ResizeError', `Container ${action.name}: ${dockerMessage(error)}`)
    wait(context, state, `resize:${action.id}`, 'ResizeError', dockerMessage(error))
  }
}

async function doTeardown(context: NodeContext, state: PodState, all: boolean): Promise<void> {
  const { pod } = state.view()
  const uid = pod.metadata.uid ?? ''
  context.tokens.forget(uid)
  await tearDown(podDirOf(context, uid), all)
  await removeCgroups(uid)
  context.addresses.release(uid)
  state.setVolumes('gone')
}

/** Removes the object from the API, once its last status is written; only this very pod, not one that has its name by now. */
async function doDelete(context: NodeContext, state: PodState): Promise<void> {
  const { pod } = state.view()
  const { name = '', namespace, uid = '' } = pod.metadata
  await state.statusWritten()
  try {
    await context.client.delete(pods, name, { namespace, gracePeriodSeconds: 0, preconditions: { uid } })
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error
  }
}

/** Does one action to its end. Failures that have a place in the pod's status are put there; others are thrown. */
export async function execute(context: NodeContext, state: PodState, action: Action): Promise<void> {
  switch (action.kind) {
    case 'prepareVolumes':
      // The event and the waiting entry say it already.
      return doPrepareVolumes(context, state).catch(() => undefined)
    case 'createSandbox':
      return doCreateSandbox(context, state, action.attempt)
    case 'start':
      return doStart(context, state, action)
    case 'resize':
      return doResize(context, state, action)
    case 'remove':
      await context.engine.remove(action.id)
      return state.observe(action.id, undefined)
    case 'teardown':
      return doTeardown(context, state, action.all)
    case 'deleteObject':
      return doDelete(context, state)
    default:
      return undefined
  }
}

export const sandboxIp = (view: PodView): string | undefined => runningSandbox(view)?.ip
