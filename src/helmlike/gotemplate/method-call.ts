// Methods of values as templates call them: the types of their arguments are known only when the receiver is.
import { callFailed, validate, wrongCount } from './call.ts'
import type { Node } from './nodes.ts'
import type { Run } from './run.ts'
import type { GoFunction, Value } from './value.ts'

export type LateArgument = (run: Run, dot: Value, type: string) => Value

export function callMethod(
  run: Run,
  dot: Value,
  m: GoFunction,
  n: Node,
  name: string,
  args: readonly LateArgument[],
  piped: boolean,
  final: Value,
): Value {
  const total = args.length + (piped ? 1 : 0)
  const wrong = wrongCount(name, m.params.length, m.variadic, args.length, total)
  if (wrong) run.fail(wrong)
  run.step()
  const typeAt = (i: number) => m.params[Math.min(i, m.params.length - 1)] as string
  const argv = args.map((a, i) => a(run, dot, typeAt(i)))
  if (piped) argv.push(validate(run, final, typeAt(total - 1)))
  try {
    return m.call(...(argv as never[]))
  } catch (e) {
    return callFailed(run, n, name, e)
  }
}
