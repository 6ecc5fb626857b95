import type { Clock } from '../../apimachinery/clock.ts'
import type { Probe } from '../../apimachinery/kinds.generated.ts'
import type { AnyContainer, Health } from '../pods/view.ts'
import type { Answer } from './check.ts'
import { defaults, judge, type Streak } from './verdict.ts'

type ProbeType = 'Startup' | 'Liveness' | 'Readiness'

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
export const startProber = (options: ProberOptions): Prober => new ContainerProber(options)

class ContainerProber implements Prober {
  readonly #options: ProberOptions
  readonly #cancels = new Map<ProbeType, () => void>()
  readonly #stopped = new Set<ProbeType>()
  #health: Health

  constructor(options: ProberOptions) {
    const { container, initial } = options
    this.#options = options
    this.#health = {
      started: !container.startupProbe || (initial?.started ?? false),
      ready: !container.readinessProbe || (initial?.ready ?? false),
    }
    if (this.#health.started) this.#begin()
    else this.#first('Startup', container.startupProbe)
  }

  health(): Health {
    return this.#health
  }

  stopKilling(): void {
    this.#stop(['Startup', 'Liveness'])
  }

  stop(): void {
    this.#stop(['Startup', 'Liveness', 'Readiness'])
  }

  #stop(types: readonly ProbeType[]): void {
    for (const type of types) {
      this.#stopped.add(type)
      this.#cancels.get(type)?.()
    }
  }

  #begin(): void {
    const { livenessProbe, readinessProbe } = this.#options.container
    this.#first('Liveness', livenessProbe)
    this.#first('Readiness', readinessProbe)
  }

  #first(type: ProbeType, probe: Probe | undefined): void {
    if (!probe || this.#stopped.has(type)) return
    const { startedAt, initial, clock, random } = this.#options
    const due = startedAt + (probe.initialDelaySeconds ?? 0) * 1000
    // After a restart of the agent all probes would fall together: they are spread over a period.
    const spread = initial ? random() * (probe.periodSeconds ?? defaults.periodSeconds) * 1000 : 0
    this.#schedule(type, probe, undefined, Math.max(0, due - clock.now()) + spread)
  }

  #schedule(type: ProbeType, probe: Probe, streak: Streak | undefined, delayMs: number): void {
    const cancel = this.#options.clock.after(delayMs, () => void this.#run(type, probe, streak))
    this.#cancels.set(type, cancel)
  }

  async #run(type: ProbeType, probe: Probe, streak: Streak | undefined): Promise<void> {
    const { clock, check, onFailure } = this.#options
    const started = clock.now()
    const answer = await check(probe).catch((error): Answer => ({ ok: false, output: String(error) }))
    if (this.#stopped.has(type)) return
    if (!answer.ok) onFailure(type, answer.output)
    const { streak: next, verdict } = judge(streak, answer.ok, probe)
    if (verdict !== undefined) this.#conclude(type, probe, verdict)
    if (this.#stopped.has(type)) return
    const period = (probe.periodSeconds ?? defaults.periodSeconds) * 1000
    this.#schedule(type, probe, next, Math.max(0, period - (clock.now() - started)))
  }

  #conclude(type: ProbeType, probe: Probe, verdict: boolean): void {
    if (type === 'Readiness') this.#change({ ready: verdict })
    else if (!verdict) {
      this.#stopped.add('Startup').add('Liveness')
      const graceSeconds = probe.terminationGracePeriodSeconds
      this.#change({ unhealthy: { probe: type, ...(graceSeconds === undefined ? {} : { graceSeconds }) } })
    } else if (type === 'Startup') {
      this.#stopped.add('Startup')
      this.#change({ started: true })
      this.#begin()
    }
  }

  #change(next: Partial<Health>): void {
    const before = this.#health
    const now = { ...before, ...next }
    this.#health = now
    if (before.started !== now.started || before.ready !== now.ready || before.unhealthy !== now.unhealthy)
      this.#options.onChange()
  }
}
