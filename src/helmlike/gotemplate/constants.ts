// Constants of templates, and names that mean nothing.
import type { Node, NumberNode } from './nodes.ts'
import type { Run } from './run.ts'
import { Complex, Int, type Value } from './value.ts'

/** `final` is the value piped in, where the command stands behind a `|`. */
export type Eval = (run: Run, dot: Value, final: Value) => Value

/** A variable that is not declared here. */
export function undeclared(name: string, n: Node): Eval {
  return failing(n, `undefined variable: ${name}`)
}

/** A number whose type its own text decides; undefined where no int holds it. */
export function idealNumber(n: NumberNode): Value {
  const isFloat = n.float !== undefined && !n.text.startsWith("'") && !/^0[xX][^pP]*$/.test(n.text) && /[.eEpP]/.test(n.text)
  if (n.complex) return new Complex(n.complex.re, n.complex.im)
  if (isFloat) return n.float
  return n.int === undefined ? undefined : new Int(n.int)
}

/** idealNumber when it is reached. */
export function idealConstant(n: NumberNode): Eval {
  const value = idealNumber(n)
  return value === undefined ? failing(n, `${n.text} overflows int`) : constant(n, value)
}

/** What fails as soon as it is reached. */
export function failing(n: Node, what: string): Eval {
  return (run) => {
    run.node = n
    return run.fail(what)
  }
}

export function constant(n: Node, value: Value): Eval {
  return (run) => {
    run.node = n
    return value
  }
}
