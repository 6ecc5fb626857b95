import { ConfigError } from '../../../apimachinery/config-shape.ts'
import { declaredTypes, typed } from '../../../crd/cel/admission-types.ts'
import { walk } from '../../../crd/cel/ast.ts'
import { type Environment, extend, type StructTypes } from '../../../crd/cel/environment.ts'
import { fromJson, toJson } from '../../../crd/cel/json-values.ts'
import { KUBERNETES_ENVIRONMENT } from '../../../crd/cel/libraries.ts'
import { compileExpression, evaluateCounting, type Program } from '../../../crd/cel/program.ts'
import { CompileError } from '../../../crd/cel/source.ts'
import { type CelType, DYN, mapOf, STRING, structType } from '../../../crd/cel/types.ts'
import type { UserInfo } from '../../request.ts'

/** What the claims of a token are to expressions: JSON. */
export type Claims = Readonly<Record<string, unknown>>

const USER = structType('kubernetes.UserInfo')
const structs: StructTypes = declaredTypes
const claimsEnvironment = extend(KUBERNETES_ENVIRONMENT, { variables: { claims: mapOf(STRING, DYN) }, structs })
const userEnvironment = extend(KUBERNETES_ENVIRONMENT, { variables: { user: USER }, structs })

/** The most one expression may cost. */
const costLimit = 1_000_000

export interface Expression<In> {
  readonly source: string
  /** Whether it reads the claim of this name. */
  uses(claim: string): boolean
  /** JSON. Throws an Error that says what went wrong. */
  evaluate(input: In): unknown
}

/** Compiles an expression over `claims`. Throws ConfigError. `results`: what it may evaluate to; anything without. */
export function claimsExpression(source: string, at: string, results?: readonly CelType[]): Expression<Claims> {
  return compiled(claimsEnvironment, source, at, results, (claims) => ({ claims: fromJson(claims) }))
}

/** Compiles an expression over `user`. Throws ConfigError. */
export function userExpression(source: string, at: string, results: readonly CelType[]): Expression<UserInfo> {
  return compiled(userEnvironment, source, at, results, ({ name, uid = '', groups, extra = {} }) => ({
    user: typed({ username: name, uid, groups, extra }, USER),
  }))
}

function compiled<In>(
  environment: Environment,
  source: string,
  at: string,
  results: readonly CelType[] | undefined,
  bind: (input: In) => Parameters<typeof evaluateCounting>[1],
): Expression<In> {
  let program: Program
  try {
    program = compileExpression(source, environment)
  } catch (error) {
    if (!(error instanceof CompileError)) throw error
    throw new ConfigError(at, `Invalid value: ${JSON.stringify(source)}: compilation failed: ${error.message}`)
  }
  if (results && !results.some((type) => String(type) === String(program.type))) {
    const wanted = results.length === 1 ? `must evaluate to ${results[0]}` : `must evaluate to one of [${results.join(' ')}]`
    throw new ConfigError(at, `Invalid value: ${JSON.stringify(source)}: ${wanted}`)
  }
  return {
    source,
    uses: (claim) => readsClaim(program, claim),
    evaluate(input) {
      const { value, error } = evaluateCounting(program, bind(input), costLimit)
      if (error || value === undefined)
        throw new Error(`expression '${source}' resulted in error: ${error?.message ?? 'no value'}`)
      return toJson(value)
    },
  }
}

/** `claims.name` anywhere in it. */
function readsClaim(program: Program, claim: string): boolean {
  let found = false
  if (!program.checked) return false
  walk(program.checked.expr, (expr) => {
    if (expr.kind === 'select' && expr.field === claim && expr.operand.kind === 'ident' && expr.operand.name === 'claims')
      found = true
    // claims.?name
    if (expr.kind === 'call' && expr.args.some((a) => a.kind === 'literal' && a.value === claim)) found = true
  })
  return found
}
