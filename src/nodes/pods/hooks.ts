import { sleep } from '../../apimachinery/clock.ts'
import type { Container, LifecycleHandler } from '../../apimachinery/kinds.generated.ts'
import { execErrorText, runInContainer } from '../docker/exec.ts'
import type { NodeContext } from '../node-context.ts'
import { checkHttp } from '../probes/check.ts'

/** Runs a postStart or preStop hook to its end or to `timeoutMs`. Throws what is wrong when it fails. */
export async function runHook(
  context: NodeContext,
  hook: LifecycleHandler,
  target: { container: Pick<Container, 'ports' | 'name'>; id: string; podIp: string },
  timeoutMs: number,
): Promise<void> {
  if (hook.sleep) return sleep(context.clock, Math.min(hook.sleep.seconds * 1000, timeoutMs), context.signal)
  if (hook.exec) {
    const command = hook.exec.command ?? []
    const outcome = await runInContainer(context.engine.docker, target.id, command, timeoutMs).catch((error) => {
      throw new Error(execErrorText(error))
    })
    if (outcome.exitCode === 0) return
    const why = outcome.exitCode === undefined ? 'did not end in time' : `exited with ${outcome.exitCode}`
    throw new Error(`command '${command.join(' ')}' ${why}: ${outcome.output}`)
  }
  if (hook.httpGet) {
    const answer = await checkHttp(hook.httpGet, target.container, target.podIp, timeoutMs)
    if (!answer.ok) throw new Error(answer.output)
    return
  }
  throw new Error('invalid handler: a lifecycle hook is exec, httpGet or sleep')
}
