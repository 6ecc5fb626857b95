import type { Pod, Probe } from '../../apimachinery/kinds.generated.ts'
import { pods } from '../../apimachinery/resources.generated.ts'
import { execErrorText, runInContainer } from '../docker/exec.ts'
import type { ObservedContainer } from '../docker/observed.ts'
import type { NodeContext } from '../node-context.ts'
import { type Answer, checkGrpc, checkHttp, checkTcp } from '../probes/check.ts'
import { type Prober, startProber } from '../probes/prober.ts'
import { defaults } from '../probes/verdict.ts'
import type { PreparedVolume } from '../volumes/kind.ts'
import { type Action, decide, flightKey } from './decide.ts'
import { doPrepareVolumes, execute, type PodState, sandboxIp } from './executor.ts'
import { nextAttempt, retryDelay } from './restart.ts'
import { statusOf } from './status.ts'
import { createStatusWriter, type StatusWriter } from './status-writer.ts'
import { type Termination, terminateContainer } from './terminate.ts'
import { terminationMessage } from './termination-message.ts'
import { type AnyContainer, latest, type Memory, type PodView, type Waiting } from './view.ts'

type Terminate = Extract<Action, { kind: 'terminate' }>

/** Actions that failed for no reason of the pod's (Docker or the API is away) are tried again after this. */
const retryMs = 2000

/** Brings one pod to what its object says: holds what is known of it, asks `decide`, does it, tells the API. */
export class PodWorker implements PodState {
  readonly #context: NodeContext
  /** Called when nothing of the pod is left. */
  readonly #onEnd: () => void
  readonly #writer: StatusWriter
  #pod: Pod
  #removed: boolean
  readonly #observed = new Map<string, ObservedContainer>()
  readonly #inspections = new Map<string, Promise<void>>()
  readonly #inFlight = new Set<string>()
  readonly #terminations = new Map<string, Termination>()
  readonly #exits = new Map<string, PromiseWithResolvers<void>>()
  readonly #probers = new Map<string, Prober>()
  readonly #announced = new Set<string>()
  readonly waiting = new Map<string, Waiting>()
  volumes: ReadonlyMap<string, PreparedVolume> = new Map()
  refreshAt: number | undefined
  #volumeState: Memory['volumes'] = 'unknown'
  #failed: Memory['failed']
  #cancelWake = () => {}
  #isQueued = false
  /** The last status, kept while the containers it tells of are removed. */
  #isFrozen = false
  #refreshAgain = false
  #hasEnded = false
  /** Nothing is decided before Docker was looked at: what runs must not be started twice. */
  #hasLooked = false

  constructor(context: NodeContext, pod: Pod, removed: boolean, onEnd: () => void) {
    this.#context = context
    this.#pod = pod
    this.#removed = removed
    this.#onEnd = onEnd
    this.#writer = createStatusWriter(context.client, context.clock, context.log, context.signal)
  }

  get pod(): Pod {
    return this.#pod
  }

  /** The object as the API has it now; undefined: it is gone from the API. */
  setPod(pod: Pod | undefined): void {
    if (!pod) this.#removed = true
    else {
      const before = this.#pod
      this.#pod = pod
      const isOther = before.metadata.labels !== pod.metadata.labels || before.metadata.annotations !== pod.metadata.annotations
      const downward = pod.spec?.volumes?.some((v) => v.downwardAPI || v.projected?.sources?.some((s) => s.downwardAPI))
      if (isOther && downward && this.#volumeState === 'ready') this.refreshVolumes()
    }
    this.poke()
  }

  /** What a volume or variable refers to has changed: brings volumes up to date and tries what failed for want of it. */
  refreshVolumes(): void {
    for (const [key, w] of this.waiting)
      if (key === 'volumes' || w.reason === 'CreateContainerConfigError') this.waiting.delete(key)
    this.poke()
    if (!this.#hasLooked || this.#volumeState !== 'ready' || this.#isEnding()) return
    if (this.#inFlight.has('volumes')) {
      this.#refreshAgain = true
      return
    }
    this.#launch('volumes', () => doPrepareVolumes(this.#context, this).catch(() => undefined))
  }

  #isEnding(): boolean {
    return this.#removed || this.#pod.metadata.deletionTimestamp !== undefined
  }

  view(): PodView {
    const health = new Map([...this.#probers].map(([id, prober]) => [id, prober.health()]))
    const memory: Memory = {
      inFlight: this.#inFlight,
      volumes: this.#volumeState,
      waiting: this.waiting,
      health,
      ...(this.#failed ? { failed: this.#failed } : {}),
    }
    return { pod: this.#pod, removed: this.#removed, observed: [...this.#observed.values()], memory }
  }

  setVolumes(state: 'ready' | 'gone'): void {
    this.#volumeState = state
  }

  podIps(): readonly string[] {
    if (this.#pod.spec?.hostNetwork) return this.#context.hostIps
    const ip = sandboxIp(this.view())
    return ip ? [ip] : []
  }

  observe(id: string, container: ObservedContainer | undefined): void {
    if (container) this.#observed.set(id, container)
    else this.#observed.delete(id)
    if (container?.role === 'sandbox' && container.ip) this.#context.addresses.adopt(container.podUid, container.ip)
    if (container?.state === 'running') return
    this.#exits.get(id)?.resolve()
    this.#exits.delete(id)
    this.#probers.get(id)?.stop()
    this.#probers.delete(id)
  }

  /** All that Docker has of the pod, e.g. after the connection to it was lost. */
  async observeAll(containers: readonly ObservedContainer[]): Promise<void> {
    const complete = await Promise.all(containers.map((c) => this.#withMessage(c)))
    for (const id of [...this.#observed.keys()]) if (!complete.some((c) => c.id === id)) this.observe(id, undefined)
    for (const c of complete) this.observe(c.id, c)
    this.#hasLooked = true
    this.poke()
  }

  /** Something happened to a container: looks at it. Looks at the same container never overtake each other. */
  inspect(id: string): void {
    const before = this.#inspections.get(id) ?? Promise.resolve()
    const looking = before
      .then(() => this.look(id))
      .catch((error) => this.#context.log.error('container not inspected', error, { container: id }))
      .finally(() => {
        if (this.#inspections.get(id) === looking) this.#inspections.delete(id)
        this.poke()
      })
    this.#inspections.set(id, looking)
  }

  async look(id: string): Promise<void> {
    const container = await this.#context.engine.inspect(id)
    this.observe(id, container && (await this.#withMessage(container)))
  }

  async #withMessage(c: ObservedContainer): Promise<ObservedContainer> {
    if (c.state !== 'exited' || c.role === 'sandbox') return c
    const message = await terminationMessage(this.#context.engine.docker, c).catch(() => undefined)
    return message ? { ...c, message } : c
  }

  event(type: 'Normal' | 'Warning', reason: string, message: string, container?: { name: string; field: string }): void {
    if (!this.#pod.metadata.name || !this.#pod.spec) return
    const fieldPath = container ? { fieldPath: `${container.field}{${container.name}}` } : {}
    this.#context.events.record({ resource: pods, object: this.#pod, type, reason, message, ...fieldPath })
  }

  statusWritten(): Promise<void> {
    return this.#writer.written()
  }

  /** Looks again at what is to do; many calls in one turn are one look. */
  poke(): void {
    if (this.#isQueued || this.#hasEnded || this.#context.signal.aborted) return
    this.#isQueued = true
    setImmediate(() => {
      this.#isQueued = false
      if (this.#hasLooked && !this.#context.signal.aborted && !this.#hasEnded) this.#step()
    })
  }

  #step(): void {
    this.#cancelWake()
    this.#syncProbers()
    const view = this.view()
    const now = this.#context.clock.now()
    const actions = decide(view, now)
    this.#tellBackoffs(view, now)
    // From the moment its containers are removed, the status of an ending pod no longer follows what Docker has.
    if (!this.#isFrozen && !this.#removed && this.#pod.spec) {
      const pod = this.#writer.current(this.#pod)
      this.#writer.put(this.#pod, statusOf({ ...view, pod }, this.#context, now))
    }
    if (this.#isEnding() && actions.some((a) => a.kind === 'remove' || a.kind === 'teardown')) this.#isFrozen = true
    let wakeAt = Number.POSITIVE_INFINITY
    for (const action of actions) {
      if (action.kind === 'wake') wakeAt = Math.min(wakeAt, action.at)
      else this.#do(action)
    }
    for (const w of this.waiting.values()) if (w.retryAt > now) wakeAt = Math.min(wakeAt, w.retryAt)
    if (this.refreshAt !== undefined && !this.#isEnding()) {
      if (this.refreshAt <= now) this.#renew(now)
      wakeAt = Math.min(wakeAt, this.refreshAt)
    }
    if (wakeAt < Number.POSITIVE_INFINITY)
      this.#cancelWake = this.#context.clock.after(Math.max(0, wakeAt - now), () => this.poke())
    if (this.#removed && this.#observed.size === 0 && this.#volumeState === 'gone' && this.#inFlight.size === 0) this.#end()
  }

  /** A token grows old: a new one, and when that fails the next try in a while. */
  #renew(now: number): void {
    this.refreshAt = now + retryDelay(3)
    this.refreshVolumes()
  }

  #end(): void {
    this.#hasEnded = true
    this.stop()
    this.#onEnd()
  }

  /** Stops the clockwork; containers go on. */
  stop(): void {
    this.#cancelWake()
    for (const prober of this.#probers.values()) prober.stop()
  }

  #do(action: Action): void {
    if (action.kind === 'terminate') this.#terminate(action)
    else if (action.kind === 'fail') {
      this.#failed = { reason: action.reason, message: action.message }
      this.event('Normal', action.reason, action.message)
      this.poke()
    } else this.#launch(flightKey(action), () => execute(this.#context, this, action))
  }

  #launch(key: string, run: () => Promise<void>): void {
    this.#inFlight.add(key)
    const again = (error: unknown) => {
      this.#context.log.error(`${key} failed`, error, { pod: `${this.#pod.metadata.namespace}/${this.#pod.metadata.name}` })
      return new Promise<void>((resolve) => this.#context.clock.after(retryMs, resolve))
    }
    void run()
      .catch(again)
      .finally(() => {
        this.#inFlight.delete(key)
        this.poke()
        if (key === 'volumes' && this.#refreshAgain) {
          this.#refreshAgain = false
          this.refreshVolumes()
        }
      })
  }

  #terminate(action: Terminate): void {
    const known = this.#terminations.get(action.id)
    known?.hurry(action.graceSeconds)
    const container = this.#observed.get(action.id)
    if (known || !container) return
    const spec = this.#specOf(container.name)
    const field =
      container.role === 'init'
        ? 'spec.initContainers'
        : container.role === 'ephemeral'
          ? 'spec.ephemeralContainers'
          : 'spec.containers'
    const event = (type: 'Normal' | 'Warning', reason: string, message: string) =>
      this.event(type, reason, message, { name: container.name, field })
    event('Normal', 'Killing', action.message)
    if (this.#isEnding()) this.#probers.get(action.id)?.stopKilling()
    const exit = this.#exits.get(action.id) ?? Promise.withResolvers<void>()
    this.#exits.set(action.id, exit)
    const [podIp = ''] = this.podIps()
    const termination = terminateContainer(this.#context, {
      container,
      spec,
      podIp,
      graceSeconds: action.graceSeconds,
      exited: exit.promise,
      event,
    })
    this.#terminations.set(action.id, termination)
    termination.ended
      .catch((error) => this.#context.log.error('container not ended', error, { container: container.name }))
      .finally(() => {
        this.#terminations.delete(action.id)
        this.poke()
      })
  }

  #specOf(name: string): AnyContainer | undefined {
    const spec = this.#pod.spec
    const all: AnyContainer[] = [
      ...(spec?.containers ?? []),
      ...(spec?.initContainers ?? []),
      ...(spec?.ephemeralContainers ?? []),
    ]
    return all.find((c) => c.name === name)
  }

  /** Tells once of each back-off, and gives failed image pulls their second name. */
  #tellBackoffs(view: PodView, now: number): void {
    for (const [key, w] of this.waiting) {
      if (w.reason !== 'ErrImagePull' || w.retryAt <= now || !this.#announceOnce(`${key}/${w.retryAt}`)) continue
      const image = this.#specOf(key)?.image ?? ''
      const message = `Back-off pulling image "${image}"`
      this.event('Normal', 'BackOff', message, { name: key, field: 'spec.containers' })
      this.event('Warning', 'Failed', 'Error: ImagePullBackOff', { name: key, field: 'spec.containers' })
      this.waiting.set(key, { ...w, reason: 'ImagePullBackOff', message: `${message}: ErrImagePull: ${w.message}` })
    }
    if (this.#isEnding()) return
    for (const spec of [...(this.#pod.spec?.initContainers ?? []), ...(this.#pod.spec?.containers ?? [])]) {
      const last = latest(view, spec.name)
      if (last?.state !== 'exited' || nextAttempt(last).at <= now || !this.#announceOnce(last.id)) continue
      const { name, namespace, uid } = this.#pod.metadata
      const message = `Back-off restarting failed container ${spec.name} in pod ${name}_${namespace}(${uid})`
      this.event('Warning', 'BackOff', message, {
        name: spec.name,
        field: last.role === 'init' ? 'spec.initContainers' : 'spec.containers',
      })
    }
  }

  #announceOnce(key: string): boolean {
    if (this.#announced.has(key)) return false
    if (this.#announced.size > 100) this.#announced.clear()
    this.#announced.add(key)
    return true
  }

  #syncProbers(): void {
    for (const c of this.#observed.values()) {
      if (c.role === 'sandbox' || c.state !== 'running' || this.#probers.has(c.id) || this.#inFlight.has(`start:${c.name}`))
        continue
      const container = this.#specOf(c.name)
      if (container) this.#probers.set(c.id, this.#probe(c, container))
    }
  }

  /** What the API knew of this very container: it stays true while the agent, restarted, has not checked yet. */
  #known(c: ObservedContainer): { started: boolean; ready: boolean } | undefined {
    const status = this.#pod.status
    const all = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])]
    const known = all.find((s) => s.containerID === `docker://${c.id}`)
    return known && { started: known.started ?? false, ready: known.ready }
  }

  #probe(c: ObservedContainer, container: AnyContainer): Prober {
    const field = c.role === 'init' ? 'spec.initContainers' : 'spec.containers'
    return startProber({
      container,
      startedAt: c.startedAt,
      initial: this.#known(c),
      clock: this.#context.clock,
      random: Math.random,
      check: (probe) => this.#check(probe, c, container),
      onChange: () => this.poke(),
      onFailure: (type, output) =>
        this.event('Warning', 'Unhealthy', `${type} probe failed: ${output}`, { name: container.name, field }),
    })
  }

  async #check(probe: Probe, c: ObservedContainer, container: AnyContainer): Promise<Answer> {
    const timeoutMs = (probe.timeoutSeconds ?? defaults.timeoutSeconds) * 1000
    const [podIp = ''] = this.podIps()
    if (probe.httpGet) return checkHttp(probe.httpGet, container, podIp, timeoutMs)
    if (probe.tcpSocket) return checkTcp(probe.tcpSocket, container, podIp, timeoutMs)
    if (probe.grpc) return checkGrpc(probe.grpc, podIp, timeoutMs)
    const command = probe.exec?.command ?? []
    try {
      const { exitCode, output } = await runInContainer(this.#context.engine.docker, c.id, command, timeoutMs)
      if (exitCode === undefined)
        return { ok: false, output: `command timed out: "${command.join(' ')}" timed out after ${timeoutMs / 1000}s` }
      return { ok: exitCode === 0, output }
    } catch (error) {
      return { ok: false, output: execErrorText(error) }
    }
  }
}
