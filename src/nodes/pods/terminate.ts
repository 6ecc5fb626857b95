import type { Container } from '../../apimachinery/kinds.generated.ts'
import type { ObservedContainer } from '../docker/observed.ts'
import type { NodeContext } from '../node-context.ts'
import { runHook } from './hooks.ts'
import type { AnyContainer } from './view.ts'

/** A container that is being ended. */
export interface Termination {
  /** Less time than was given before: the deadline moves nearer, never away. */
  hurry(graceSeconds: number): void
  /** Resolves when the container has ended. */
  readonly ended: Promise<void>
}

interface TerminationFacts {
  readonly container: ObservedContainer
  readonly spec: AnyContainer | undefined
  readonly podIp: string
  readonly graceSeconds: number
  /** Resolves when Docker says that it has exited. */
  readonly exited: Promise<void>
  readonly event: (type: 'Normal' | 'Warning', reason: string, message: string) => void
}

/** After its stop signal a container gets this long at least, even when the hook used up the grace period. */
const leastMs = 2000

/** preStop hook, stop signal, and SIGKILL at the deadline. */
export function terminateContainer(context: NodeContext, facts: TerminationFacts): Termination {
  const { clock, engine } = context
  const startedAt = clock.now()
  let deadline = startedAt + facts.graceSeconds * 1000
  const killed = Promise.withResolvers<void>()
  let cancel = () => {}
  const arm = () => {
    cancel()
    cancel = clock.after(Math.max(0, deadline - clock.now()), killed.resolve)
  }
  arm()

  const hook = async () => {
    const preStop = facts.spec?.lifecycle?.preStop
    if (!preStop || facts.graceSeconds === 0) return
    const target = { container: facts.spec as Container, id: facts.container.id, podIp: facts.podIp }
    try {
      await runHook(context, preStop, target, deadline - clock.now())
    } catch (error) {
      facts.event('Warning', 'FailedPreStopHook', 'PreStopHook failed')
      context.log.warn('preStop hook failed', {
        container: facts.container.name,
        pod: facts.container.podName,
        why: String(error),
      })
    }
  }
  const end = async () => {
    await Promise.race([hook(), killed.promise, facts.exited])
    if (facts.graceSeconds > 0 && clock.now() < deadline) {
      await engine.signal(facts.container.id, facts.container.stopSignal ?? 'SIGTERM')
    } else if (facts.spec?.lifecycle?.preStop && facts.graceSeconds > 0) {
      await engine.signal(facts.container.id, facts.container.stopSignal ?? 'SIGTERM')
      await Promise.race([facts.exited, new Promise<void>((resolve) => clock.after(leastMs, resolve))])
    }
    await Promise.race([killed.promise, facts.exited])
    cancel()
    await engine.signal(facts.container.id, 'SIGKILL')
    await facts.exited
  }
  return {
    hurry(graceSeconds) {
      const nearer = startedAt + graceSeconds * 1000
      if (nearer >= deadline) return
      deadline = nearer
      arm()
    },
    ended: end().finally(() => cancel()),
  }
}
