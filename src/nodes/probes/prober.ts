import type { Clock } from '../../apimachinery/clock.ts'
import type { Probe } from '../../apimachinery/kinds.generated.ts'
import type { AnyContainer, Health } from '../pods/view.ts'
import type { Answer } from './check.ts'
import { defaults, judge, type Streak } from './verdict.ts'

export type ProbeType = 'Startup' | 'Liveness' | 'Readiness'

export interface ProberOptions {
  readonly container: AnyContainer
  /** When the container started, milliseconds since 1970. */
  readonly startedAt: number
  /** What was known before the agent restarted. */
  readonly initial: { readonly started: boolean; readonly ready: boolean } | undefined
  readonly clock: Clock
  /** In [0, 1). */
  readonly random: () => number
  readonly check: (probe: Probe) => Promise<Answer>
  /** The health changed. */
  readonly onChange: () => void
  readonly onFailure: (type: ProbeType, output: string) => void
}

/** The probes of one running container. */
export interface Prober {
  health(): Health
  /** The pod is ending: only its readiness matters from now on. */
  stopKilling(): void
  stop(): void
}

/** Runs the startup probe until it passes, then liveness and readiness side by side, each by its own period. */
export function startProber(options: ProberOptions): Prober {
  const { container, initial, clock } = options
  const { startupProbe, livenessProbe, readinessProbe } = container
  let health: Health = {
    started: !startupProbe || (initial?.started ?? false),
    ready: !readinessProbe || (initial?.ready ?? false),
  }
  const cancels = new Map<ProbeType, () => void>()
  const stopped = new Set<ProbeType>()

  const change = (next: Partial<Health>) => {
    const before = health
    health = { ...health, ...next }
    if (before.started !== health.started || before.ready !== health.ready || before.unhealthy !== health.unhealthy)
      options.onChange()
  }
  const conclude = (type: ProbeType, probe: Probe, verdict: boolean): void => {
    if (type === 'Readiness') change({ ready: verdict })
    else if (!verdict) {
      stopped.add('Startup').add('Liveness')
      const graceSeconds = probe.terminationGracePeriodSeconds
      change({ unhealthy: { probe: type, ...(graceSeconds === undefined ? {} : { graceSeconds }) } })
    } else if (type === 'Startup') {
      stopped.add('Startup')
      change({ started: true })
      begin()
    }
  }
  const run = (type: ProbeType, probe: Probe, streak: Streak | undefined) => async () => {
    const started = clock.now()
    const answer = await options.check(probe).catch((error): Answer => ({ ok: false, output: String(error) }))
    if (stopped.has(type)) return
    if (!answer.ok) options.onFailure(type, answer.output)
    const { streak: next, verdict } = judge(streak, answer.ok, probe)
    if (verdict !== undefined) conclude(type, probe, verdict)
    if (stopped.has(type)) return
    const period = (probe.periodSeconds ?? defaults.periodSeconds) * 1000
    schedule(type, probe, next, Math.max(0, period - (clock.now() - started)))
  }
  const schedule = (type: ProbeType, probe: Probe, streak: Streak | undefined, delay: number) => {
    cancels.set(
      type,
      clock.after(delay, () => void run(type, probe, streak)()),
    )
  }
  const first = (type: ProbeType, probe: Probe | undefined) => {
    if (!probe || stopped.has(type)) return
    const due = options.startedAt + (probe.initialDelaySeconds ?? 0) * 1000
    // After a restart of the agent all probes would fall together: they are spread over a period.
    const spread = initial ? options.random() * (probe.periodSeconds ?? defaults.periodSeconds) * 1000 : 0
    schedule(type, probe, undefined, Math.max(0, due - clock.now()) + spread)
  }
  const begin = () => {
    first('Liveness', livenessProbe)
    first('Readiness', readinessProbe)
  }
  if (health.started) begin()
  else first('Startup', startupProbe)

  const stop = (types: readonly ProbeType[]) => {
    for (const type of types) {
      stopped.add(type)
      cancels.get(type)?.()
    }
  }
  return {
    health: () => health,
    stopKilling: () => stop(['Startup', 'Liveness']),
    stop: () => stop(['Startup', 'Liveness', 'Readiness']),
  }
}
