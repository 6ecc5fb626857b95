import { type Environment, extend } from '../crd/cel/environment.ts'
import { KUBERNETES_ENVIRONMENT } from '../crd/cel/libraries.ts'
import { compileExpression, evaluate, type Program } from '../crd/cel/program.ts'
import { CompileError } from '../crd/cel/source.ts'
import type { CelType } from '../crd/cel/types.ts'
import type { Value } from '../crd/cel/values.ts'
import { expressionsIn } from './expression-text.ts'
import type { SchemaTypes } from './schema-types.ts'
import type { Problem } from './simple-schema.ts'

/** What an expression may name: variables and the types of their fields. */
export type Variables = Readonly<Record<string, CelType>>

/** An expression that is compiled, and where it stands. */
export interface Expression {
  readonly program: Program
  readonly field: string
}

/** As Kubernetes limits one expression of a rule. */
const costLimit = 1_000_000

/** Values may be put together freely, and fields with dashes be named in backticks. */
const language: Environment = { ...KUBERNETES_ENVIRONMENT, homogeneousLiterals: false, escapedNames: true }

export class Compiler {
  readonly problems: Problem[] = []
  readonly types: SchemaTypes

  constructor(types: SchemaTypes) {
    this.types = types
  }

  problem(field: string, message: string, isPending = false): undefined {
    this.problems.push({ field, message, ...(isPending ? { isPending } : {}) })
    return undefined
  }

  /** Compiles one expression; what is wrong with it becomes a problem. */
  compile(source: string, field: string, variables: Variables): Expression | undefined {
    try {
      const environment = extend(language, { variables, structs: this.types })
      return { program: compileExpression(source, environment), field }
    } catch (error) {
      if (!(error instanceof CompileError)) throw error
      for (const { message, pos } of error.issues) {
        const at = pos > 0 ? ` at ${pos + 1}` : ''
        this.problem(field, `\${${source}}: ${message.replace(/ \(in container ''\)/, '')}${at}`)
      }
      return undefined
    }
  }

  /** Compiles a text that must be one expression, `${…}`. */
  compileWhole(text: string, field: string, variables: Variables): Expression | undefined {
    try {
      const found = expressionsIn(text)
      const [part] = found?.parts ?? []
      if (found?.isWhole && typeof part === 'object') return this.compile(part.source, field, variables)
      return this.problem(field, `must be one expression, written \${…}, not ${JSON.stringify(text)}`)
    } catch (error) {
      return this.problem(field, (error as Error).message)
    }
  }
}

/** The value of an expression. Throws CelError, or CostLimitExceeded. */
export const valueIn = ({ program }: Expression, bindings: Readonly<Record<string, Value>>): Value =>
  evaluate(program, bindings, costLimit).value

/** The variables that an expression names. */
export const namesIn = ({ program }: Expression): string[] =>
  Array.from(program.checked?.idents.values() ?? [], (ident) => ident.name.split('.')[0] ?? '')
