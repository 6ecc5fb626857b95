import type { Steps } from '../../../apimachinery/steps.ts'
import { declaredTypes, NAMESPACE, REQUEST } from '../../../crd/cel/admission-types.ts'
import { type Environment, extend, type StructTypes } from '../../../crd/cel/environment.ts'
import type { Bindings } from '../../../crd/cel/frame.ts'
import { AUTHORIZER, RESOURCE_CHECK } from '../../../crd/cel/library/authorizer.ts'
import { compileExpressionSteps, evaluateCounting, type Program } from '../../../crd/cel/program.ts'
import { CompileError } from '../../../crd/cel/source.ts'
import { type CelType, DYN, STRING, structType } from '../../../crd/cel/types.ts'
import { CelError, CelStruct, CostLimitExceeded, type Value } from '../../../crd/cel/values.ts'

/** The most one expression may cost, and all of one policy together (k8s.io/apiserver/pkg/apis/cel/config.go). */
const perCallLimit = 1_000_000
export const policyBudget = 10_000_000
export const conditionsBudget = 2_500_000

/** All expressions of one policy or webhook ended for having used up the budget. */
export class OutOfBudget extends Error {
  constructor() {
    super('validation failed due to running out of cost budget, no further validation rules will be run')
  }
}

export interface Expression {
  readonly source: string
  /** undefined: it does not compile, and `error` says why. */
  readonly program: Program | undefined
  readonly error: string | undefined
  /** The error is not of the expression as it is written. */
  readonly isInternal?: boolean
}

const VARIABLES = structType('kubernetes.variables')

interface ScopeOptions {
  readonly environment: Environment
  readonly hasParams: boolean
  readonly variables?: readonly { readonly name: string; readonly expression: string }[]
  /** What the expressions of mutations have beyond the others': another environment, and object types that they may make. */
  readonly mutation?: { readonly environment: Environment; readonly structs: StructTypes }
}

/** Expressions that share variables, compiled once. */
export class Scope {
  readonly #variables = new Map<string, Expression>()
  readonly #environment: Environment
  readonly #withoutAuthorizer: Environment
  readonly #ofMutations: Environment
  readonly #compiled: Expression[] = []

  /** Compiles the variables, in steps. */
  static *of(options: ScopeOptions): Steps<Scope> {
    const scope = new Scope(options)
    for (const { name, expression } of options.variables ?? []) {
      const compiled = yield* scope.compile(expression)
      if (expression.trim() !== '') scope.#variables.set(name, compiled)
      scope.#compiled.push(compiled)
    }
    return scope
  }

  private constructor({ environment, hasParams, variables = [], mutation }: ScopeOptions) {
    const declared = {
      object: DYN,
      oldObject: DYN,
      request: REQUEST,
      namespaceObject: NAMESPACE,
      ...(hasParams ? { params: DYN } : {}),
    }
    const asking = { variables: { authorizer: AUTHORIZER, 'authorizer.requestResource': RESOURCE_CHECK } }
    this.#withoutAuthorizer = extend(environment, {
      structs: this.#types(declaredTypes),
      variables: { ...declared, ...(variables.length > 0 ? { variables: VARIABLES } : {}) },
    })
    this.#environment = extend(this.#withoutAuthorizer, asking)
    this.#ofMutations = mutation
      ? extend(
          extend(mutation.environment, {
            structs: this.#types(mutation.structs),
            variables: { ...declared, variables: VARIABLES },
          }),
          asking,
        )
      : this.#environment
  }

  /** What was compiled of each variable, in the order given. */
  get variables(): readonly Expression[] {
    return this.#compiled
  }

  /** `more`, the variables, and what every policy has. */
  #types(more: StructTypes): StructTypes {
    return {
      find: (name) => (name === VARIABLES.name ? VARIABLES : (more.find(name) ?? declaredTypes.find(name))),
      field: (name, field) => {
        if (name !== VARIABLES.name) return more.field(name, field) ?? declaredTypes.field(name, field)
        return this.#variables.has(field) ? (this.#variables.get(field)?.program?.type ?? DYN) : undefined
      },
      ...(more.construct ? { construct: more.construct.bind(more) } : {}),
    }
  }

  /** `results`: the types it may evaluate to; any when absent. */
  compile(source: string, results?: readonly CelType[]): Steps<Expression> {
    return compileIn(this.#environment, source, results)
  }

  /** What a mutation makes. */
  compileMutation(source: string, result: CelType): Steps<Expression> {
    return compileIn(this.#ofMutations, source, [result])
  }

  /** The text of a refusal; such expressions may not ask the authorizer. */
  compileMessage(source: string): Steps<Expression> {
    return compileIn(this.#withoutAuthorizer, source, [STRING])
  }

  /** A run of several expressions over the same inputs, with one budget and variables that are evaluated at most once. */
  run(inputs: Bindings, budget: number): Run {
    return new Run(this.#variables, inputs, budget)
  }
}

/** As cel-go names the type outside of its own messages. */
const nameOf = (type: CelType): string =>
  type.kind === 'null' ? 'null_type' : type.kind === 'timestamp' || type.kind === 'duration' ? type.name : String(type)

function* compileIn(environment: Environment, source: string, results?: readonly CelType[]): Steps<Expression> {
  try {
    const program = yield* compileExpressionSteps(source, environment)
    if (results && !results.some((type) => String(type) === String(program.type))) {
      const wanted = results.length === 1 ? String(results[0]) : `one of [${results.map(nameOf).join(' ')}]`
      return { source, program: undefined, error: `must evaluate to ${wanted} but got ${nameOf(program.type)}` }
    }
    const { brokenConstant: why } = program
    if (why === undefined) return { source, program, error: undefined }
    return { source, program: undefined, error: `program instantiation failed: ${why}`, isInternal: true }
  } catch (error) {
    if (!(error instanceof CompileError)) throw error
    return { source, program: undefined, error: `compilation failed: ${error.message}` }
  }
}

type Outcome = { readonly value: Value; readonly error?: undefined } | { readonly value?: undefined; readonly error: string }

class Run {
  readonly #bindings: Bindings
  #left: number

  constructor(variables: ReadonlyMap<string, Expression>, inputs: Bindings, budget: number) {
    this.#left = budget
    this.#bindings = {
      ...inputs,
      variables: new Variables(
        variables,
        () => this.#bindings,
        (cost) => this.#spend(cost),
      ),
    }
  }

  /** Throws OutOfBudget. Other failures are in the outcome, worded as kube-apiserver words them. */
  evaluate({ source, program, error: problem }: Expression): Outcome {
    if (!program) return { error: `compilation error: ${problem}` }
    const { value, error, cost } = evaluateCounting(program, this.#bindings, perCallLimit)
    this.#spend(cost)
    if (error || value === undefined)
      return { error: `expression '${source}' resulted in error: ${error?.message ?? 'no value'}` }
    return { value }
  }

  #spend(cost: number): void {
    this.#left -= cost
    if (this.#left < 0) throw new OutOfBudget()
  }
}

/** The variable `variables`: each of its fields is an expression that runs when it is first asked for. */
class Variables extends CelStruct {
  readonly type = VARIABLES
  readonly #expressions: ReadonlyMap<string, Expression>
  readonly #bindings: () => Bindings
  readonly #spend: (cost: number) => void
  readonly #known = new Map<string, Value | CelError>()

  constructor(expressions: ReadonlyMap<string, Expression>, bindings: () => Bindings, spend: (cost: number) => void) {
    super()
    this.#expressions = expressions
    this.#bindings = bindings
    this.#spend = spend
  }

  get(field: string): Value | undefined {
    const expression = this.#expressions.get(field)
    if (!expression) return undefined
    const known = this.#known.get(field) ?? this.#evaluate(field, expression)
    this.#known.set(field, known)
    if (known instanceof CelError) throw known
    return known
  }
  fields(): readonly string[] {
    return [...this.#expressions.keys()]
  }

  #evaluate(name: string, { program, error: problem }: Expression): Value | CelError {
    const quoted = JSON.stringify(name)
    if (!program) return new CelError(`composited variable ${quoted} fails to compile: ${problem}`)
    const { value, error, cost } = evaluateCounting(program, this.#bindings(), perCallLimit)
    this.#spend(cost)
    if (error instanceof CostLimitExceeded) throw error
    return value === undefined ? new CelError(`composited variable ${quoted} fails to evaluate: ${error?.message}`) : value
  }
}
