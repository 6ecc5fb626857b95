import type { Container } from '../../apimachinery/kinds.generated.ts'
import type { Role } from '../docker/labels.ts'
import type { Limits, ObservedContainer } from '../docker/observed.ts'
import { hasLimits, limitsOf } from './qos.ts'
import { nextAttempt, outcomeOf, restarts } from './restart.ts'
import { specHash } from './spec-hash.ts'
import {
  type AnyContainer,
  isSidecar,
  isStarting,
  latest,
  type PodView,
  runningContainers,
  runningSandbox,
  sandboxes,
} from './view.ts'

export type Action =
  | { readonly kind: 'prepareVolumes' }
  | { readonly kind: 'createSandbox'; readonly attempt: number }
  | {
      readonly kind: 'start'
      readonly container: AnyContainer
      readonly role: Exclude<Role, 'sandbox'>
      readonly attempt: number
      readonly backoffSeconds: number
      readonly sandboxId: string
    }
  /** Ends a container: preStop hook, its stop signal, SIGKILL when `graceSeconds` are over. Repeated with less grace, it hurries. */
  | { readonly kind: 'terminate'; readonly id: string; readonly graceSeconds: number; readonly message: string }
  /** Gives a running container other limits in place. */
  | { readonly kind: 'resize'; readonly id: string; readonly name: string; readonly limits: Limits }
  | { readonly kind: 'remove'; readonly id: string }
  /** Volumes and the pod's directory; `all` when nothing of the pod may stay, else what logs need does. */
  | { readonly kind: 'teardown'; readonly all: boolean }
  | { readonly kind: 'deleteObject' }
  | { readonly kind: 'fail'; readonly reason: string; readonly message: string }
  /** Nothing to do before this time. */
  | { readonly kind: 'wake'; readonly at: number }

/** The least time a container gets between its stop signal and SIGKILL, unless it is to die at once. */
const defaultGraceSeconds = 30
const orphanGraceSeconds = 2

/** What to do next so that the pod becomes what its object asks for. Pure; what is in flight is not asked for again. */
export function decide(view: PodView, now: number): Action[] {
  const { pod } = view
  const isDeleted = view.removed || pod.metadata.deletionTimestamp !== undefined
  const actions = isDeleted || outcomeOf(view) ? end(view, isDeleted) : run(view, now)
  return actions.filter((action) => !view.memory.inFlight.has(flightKey(action)))
}

/** The name under which an action is in flight; '' for those that never are. */
export function flightKey(action: Action): string {
  switch (action.kind) {
    case 'prepareVolumes':
      return 'volumes'
    case 'createSandbox':
      return 'sandbox'
    case 'start':
      return `start:${action.container.name}`
    case 'remove':
    case 'resize':
      return `${action.kind}:${action.id}`
    case 'teardown':
      return 'teardown'
    case 'deleteObject':
      return 'delete'
    default:
      return ''
  }
}

// ── ending ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Containers first, sidecars after them in reverse order, then the sandbox, volumes, and for a deleted pod the rest. */
function end(view: PodView, isDeleted: boolean): Action[] {
  const running = runningContainers(view)
  if (running.length > 0) return terminateInOrder(view, running)
  if (isStarting(view) || view.memory.inFlight.has('sandbox') || view.memory.inFlight.has('volumes')) return []
  const leftover = view.observed.filter((c) => isDeleted || c.role === 'sandbox')
  if (leftover.length > 0) return leftover.map((c) => ({ kind: 'remove', id: c.id }))
  if (view.memory.volumes !== 'gone') return [{ kind: 'teardown', all: isDeleted }]
  return isDeleted && !view.removed ? [{ kind: 'deleteObject' }] : []
}

function terminateInOrder(view: PodView, running: readonly ObservedContainer[]): Action[] {
  const order = (view.pod.spec?.initContainers ?? []).filter(isSidecar).map((c) => c.name)
  const sidecars = running.filter((c) => c.role === 'init' && order.includes(c.name))
  const others = running.filter((c) => !sidecars.includes(c))
  const next = others.length > 0 ? others : sidecars.sort((a, b) => order.indexOf(b.name) - order.indexOf(a.name)).slice(0, 1)
  const graceSeconds = graceOf(view)
  return next.map((c) => ({ kind: 'terminate', id: c.id, graceSeconds, message: `Stopping container ${c.name}` }))
}

/** Seconds the pod's containers get when the pod ends. */
function graceOf(view: PodView): number {
  const { pod } = view
  const own = Number(pod.spec?.terminationGracePeriodSeconds ?? defaultGraceSeconds)
  const asked = Number(pod.metadata.deletionGracePeriodSeconds ?? own)
  if (view.removed) return pod.spec ? Math.min(asked, own) : orphanGraceSeconds
  return asked
}

// ── running ─────────────────────────────────────────────────────────────────────────────────────────────────────────

function run(view: PodView, now: number): Action[] {
  const deadline = deadlineOf(view)
  if (deadline !== undefined && deadline <= now)
    return [
      {
        kind: 'fail',
        reason: 'DeadlineExceeded',
        message: 'Pod was active on the node longer than the specified deadline',
      },
    ]
  const actions: Action[] = deadline === undefined ? [] : [{ kind: 'wake', at: deadline }]
  const volumes = volumeStep(view, now)
  actions.push(...volumes, ...garbage(view))
  const sandbox = runningSandbox(view)
  if (!sandbox) return [...actions, ...replaceSandbox(view, now)]
  if (view.memory.volumes !== 'ready') return actions
  return [...actions, ...unwanted(view, sandbox), ...resized(view, now), ...missing(view, sandbox, now)]
}

function deadlineOf(view: PodView): number | undefined {
  const seconds = view.pod.spec?.activeDeadlineSeconds
  const started = view.pod.status?.startTime
  return seconds === undefined || !started ? undefined : Date.parse(started) + seconds * 1000
}

function volumeStep(view: PodView, now: number): Action[] {
  if (view.memory.volumes === 'ready') return []
  return unlessWaiting(view, 'volumes', now, { kind: 'prepareVolumes' })
}

function unlessWaiting(view: PodView, key: string, now: number, action: Action): Action[] {
  const waiting = view.memory.waiting.get(key)
  return waiting && waiting.retryAt > now ? [{ kind: 'wake', at: waiting.retryAt }] : [action]
}

/** Sandboxes that ended, containers that were created but never started, and dead containers older than the last one. */
function garbage(view: PodView): Action[] {
  const isGarbage = (c: ObservedContainer): boolean => {
    if (c.role === 'sandbox') return c.state !== 'running' && !view.memory.inFlight.has('sandbox')
    if (c.state === 'created') return !view.memory.inFlight.has(`start:${c.name}`)
    const last = latest(view, c.name)
    if (c.state !== 'exited' || !last) return false
    // While the newest one runs, the dead one before it serves `logs --previous`.
    return last.state === 'running' ? c.attempt < last.attempt - 1 : c.attempt < last.attempt
  }
  return view.observed.filter(isGarbage).map((c) => ({ kind: 'remove', id: c.id }))
}

/** Without a sandbox its containers have lost their network: they end before a new sandbox is made. */
function replaceSandbox(view: PodView, now: number): Action[] {
  const lost = runningContainers(view)
  if (lost.length > 0)
    return lost.map((c) => ({
      kind: 'terminate',
      id: c.id,
      graceSeconds: graceOf(view),
      message: 'Pod sandbox changed, it will be killed and re-created.',
    }))
  const attempt = Math.max(-1, ...sandboxes(view).map((s) => s.attempt)) + 1
  return unlessWaiting(view, 'sandbox', now, { kind: 'createSandbox', attempt })
}

/** Running containers that must end: of an earlier sandbox, of another image, or found unhealthy. */
function unwanted(view: PodView, sandbox: ObservedContainer): Action[] {
  const actions: Action[] = []
  const specs = new Map<string, Container>()
  for (const c of [...(view.pod.spec?.initContainers ?? []), ...(view.pod.spec?.containers ?? [])]) specs.set(c.name, c)
  for (const c of runningContainers(view)) {
    const spec = specs.get(c.name)
    const health = view.memory.health.get(c.id)
    const own = graceOf(view)
    if (c.sandboxId !== sandbox.id)
      actions.push({ kind: 'terminate', id: c.id, graceSeconds: own, message: `Stopping container ${c.name}` })
    else if (spec && c.role !== 'ephemeral' && c.specHash !== specHash(spec))
      actions.push({
        kind: 'terminate',
        id: c.id,
        graceSeconds: own,
        message: `Container ${c.name} definition changed, will be restarted`,
      })
    else if (health?.unhealthy)
      actions.push({
        kind: 'terminate',
        id: c.id,
        graceSeconds: health.unhealthy.graceSeconds ?? own,
        message: `Container ${c.name} failed ${health.unhealthy.probe.toLowerCase()} probe, will be restarted`,
      })
  }
  return actions
}

/** Running containers whose requests and limits were changed, and need no restart for it. */
function resized(view: PodView, now: number): Action[] {
  const actions: Action[] = []
  for (const spec of [...(view.pod.spec?.initContainers ?? []), ...(view.pod.spec?.containers ?? [])]) {
    const last = latest(view, spec.name)
    if (last?.state !== 'running' || hasLimits(last, spec)) continue
    const { cpuShares, cpuQuota, memory } = limitsOf(spec.resources)
    const limits = { cpuShares, cpuQuota, memory }
    const graceSeconds = graceOf(view)
    if (needsRestart(last, spec))
      actions.push({ kind: 'terminate', id: last.id, graceSeconds, message: `Container ${spec.name} resize requires restart` })
    else actions.push(...unlessWaiting(view, `resize:${last.id}`, now, { kind: 'resize', id: last.id, name: spec.name, limits }))
  }
  return actions
}

function needsRestart(c: ObservedContainer, spec: Container): boolean {
  const want = limitsOf(spec.resources)
  const isChanged = {
    cpu: want.cpuShares !== c.limits.cpuShares || want.cpuQuota !== c.limits.cpuQuota,
    memory: want.memory !== c.limits.memory,
  }
  return (spec.resizePolicy ?? []).some(
    (p) => p.restartPolicy === 'RestartContainer' && isChanged[p.resourceName as 'cpu' | 'memory'],
  )
}

/** Containers that should run and do not: ephemeral ones, then init containers one by one, then the rest in order. */
function missing(view: PodView, sandbox: ObservedContainer, now: number): Action[] {
  const actions: Action[] = []
  for (const c of view.pod.spec?.ephemeralContainers ?? [])
    if (!latest(view, c.name)) actions.push(...attemptStart(view, c, 'ephemeral', sandbox, now))
  const init = initStep(view, sandbox, now)
  actions.push(...init.actions)
  if (!init.done) return actions
  for (const container of view.pod.spec?.containers ?? []) {
    const last = latest(view, container.name)
    if (last?.state === 'running') continue
    if (last?.state === 'exited' && !restarts(view.pod, container, last)) continue
    if (view.memory.inFlight.has(`start:${container.name}`)) return actions
    const step = attemptStart(view, container, 'container', sandbox, now)
    actions.push(...step)
    // Containers start in the order of the spec: each has been started (its postStart hook run) before the next.
    if (step.some((a) => a.kind === 'start')) return actions
  }
  return actions
}

/** Whether a container of the pod proper was already started in this sandbox: then the init containers are past. */
const hasInitialized = (view: PodView, sandbox: ObservedContainer): boolean =>
  view.observed.some((c) => c.role === 'container' && c.sandboxId === sandbox.id)

function initStep(view: PodView, sandbox: ObservedContainer, now: number): { done: boolean; actions: Action[] } {
  const past = hasInitialized(view, sandbox)
  const actions: Action[] = []
  for (const container of view.pod.spec?.initContainers ?? []) {
    const last = latest(view, container.name)
    const current = last?.sandboxId === sandbox.id ? last : undefined
    if (isSidecar(container)) {
      if (current?.state === 'running') {
        if (past || view.memory.health.get(current.id)?.started) continue
        return { done: false, actions }
      }
      actions.push(...attemptStart(view, container, 'init', sandbox, now))
      if (!past) return { done: false, actions }
      continue
    }
    if (past || (current?.state === 'exited' && current.exitCode === 0)) continue
    if (current?.state !== 'running') actions.push(...attemptStart(view, container, 'init', sandbox, now))
    return { done: false, actions }
  }
  return { done: true, actions }
}

function attemptStart(
  view: PodView,
  container: AnyContainer,
  role: Exclude<Role, 'sandbox'>,
  sandbox: ObservedContainer,
  now: number,
): Action[] {
  const last = latest(view, container.name)
  if (last?.state === 'created') return []
  const next = last ? nextAttempt(last) : { at: 0, backoffSeconds: 0 }
  if (next.at > now) return [{ kind: 'wake', at: next.at }]
  return unlessWaiting(view, container.name, now, {
    kind: 'start',
    container,
    role,
    attempt: last ? last.attempt + 1 : 0,
    backoffSeconds: next.backoffSeconds,
    sandboxId: sandbox.id,
  })
}
