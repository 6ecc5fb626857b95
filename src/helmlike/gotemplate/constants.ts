// Constants of templates, and names that mean nothing.
import type { Node, NumberNode } from './nodes.ts'
import type { Run } from './run.ts'
import { Complex, Int, type Value } from './value.ts'

/** `final` is the value piped in, where the command stands behind a `|`. */
export type Eval = (run: Run, dot: Value, final: Value) => Value

/** A variable that is not declared here. */
export function undeclared(name: string, n: Node): Eval {
  return (run) => {
    run.node = n
    return run.fail(`undefined variable: ${name}`)
  }
}

/** A number whose type its own text decides. */
export function idealConstant(n: NumberNode): Eval {
  const isFloat = n.float !== undefined && !n.text.startsWith("'") && !/^0[xX][^pP]*$/.test(n.text) && /[.eEpP]/.test(n.text)
  let value: Value
  if (n.complex) value = new Complex(n.complex.re, n.complex.im)
  else if (isFloat) value = n.float
  else if (n.int !== undefined) value = new Int(n.int)
  else {
    return (run) => {
      run.node = n
      return run.fail(`${n.text} overflows int`)
    }
  }
  return constant(n, value)
}

export function constant(n: Node, value: Value): Eval {
  return (run) => {
    run.node = n
    return value
  }
}
