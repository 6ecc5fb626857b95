import { isInt64, jsonText } from '../apimachinery/json.ts'
import { toJson } from '../crd/cel/json-values.ts'
import { CelError, CelOptional, type Value } from '../crd/cel/values.ts'
import { isJsonArray, isJsonObject, type Json } from '../crd/schema/json-schema.ts'
import { type Compiler, type Expression, namesIn, type Variables, valueIn } from './expression.ts'
import { expressionsIn } from './expression-text.ts'
import { misfit } from './misfit.ts'
import { fieldOf, itemOf, shapeOf, type TypedSchema, typedSchema } from './schema-types.ts'

/** A template whose expressions are compiled. */
export type Template =
  | { readonly kind: 'literal'; readonly value: Json }
  | { readonly kind: 'expression'; readonly expression: Expression }
  | { readonly kind: 'text'; readonly parts: readonly (string | Expression)[] }
  | { readonly kind: 'list'; readonly items: readonly Template[] }
  | { readonly kind: 'map'; readonly entries: readonly (readonly [string, Template])[] }

const anything = typedSchema({})

/** Compiles `value`, which stands at `field`, against the schema of what it makes. */
export function compileTemplate(
  compiler: Compiler,
  value: Json,
  schema: TypedSchema,
  field: string,
  variables: Variables,
): Template {
  const shaped = shapeOf(schema)
  if (typeof value === 'string') return compileText(compiler, value, schema, field, variables)
  const wrong = literalMisfit(value, shaped.shape)
  if (wrong) compiler.problem(field, wrong)
  if (isJsonArray(value)) {
    const item = shaped.shape === 'list' ? itemOf(shaped) : anything
    return { kind: 'list', items: value.map((v, i) => compileTemplate(compiler, v, item, `${field}[${i}]`, variables)) }
  }
  if (!isJsonObject(value)) return { kind: 'literal', value }
  const isOpen = shaped.shape !== 'object' && shaped.shape !== 'map'
  const entries = Object.entries(value).map(([name, part]) => {
    const at = /[./]/.test(name) ? `${field}[${name}]` : `${field}.${name}`
    const known = fieldOf(shaped, name)
    if (!known && !isOpen) compiler.problem(at, `there is no field ${jsonText(name)}`)
    if (name.includes('${')) compiler.problem(at, 'names of fields cannot be expressions: make the whole map one expression')
    return [name, compileTemplate(compiler, part, known ?? anything, at, variables)] as const
  })
  return { kind: 'map', entries }
}

function compileText(compiler: Compiler, text: string, schema: TypedSchema, field: string, variables: Variables): Template {
  const { shape } = shapeOf(schema)
  let found: ReturnType<typeof expressionsIn>
  try {
    found = expressionsIn(text)
  } catch (error) {
    compiler.problem(field, (error as Error).message)
  }
  if (!found) {
    const wrong = literalMisfit(text, shape)
    if (wrong) compiler.problem(field, wrong)
    return { kind: 'literal', value: text }
  }
  const parts = found.parts.map((part) => (typeof part === 'string' ? part : compiler.compile(part.source, field, variables)))
  const compiled = parts.filter((part) => part !== undefined)
  const [only] = compiled
  if (found.isWhole && only === undefined) return { kind: 'literal', value: null }
  if (found.isWhole && typeof only === 'object') {
    const wrong = misfit(only.program.type, schema, compiler.types)
    if (wrong) compiler.problem(field, `${text}: ${wrong}`)
    return { kind: 'expression', expression: only }
  }
  if (shape !== 'string' && shape !== 'any') compiler.problem(field, `is a text, where ${article(shape)} is needed`)
  for (const part of compiled) {
    if (typeof part === 'string' || writable.has(part.program.type.kind)) continue
    compiler.problem(field, `\${${part.program.source}} is ${part.program.type}, which has no place in a text: use string(…)`)
  }
  return { kind: 'text', parts: compiled }
}

/** What may stand in the middle of a text. */
const writable: ReadonlySet<string> = new Set(['string', 'int', 'uint', 'double', 'bool', 'dyn'])

const article = (noun: string): string => `${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}`

function literalMisfit(value: Json, shape: string): string | undefined {
  if (shape === 'any' || value === null) return undefined
  const is = isJsonArray(value) ? 'list' : isJsonObject(value) ? 'object' : isInt64(value) ? 'integer' : typeof value
  if (is === shape || (is === 'object' && shape === 'map') || (is === 'integer' && shape === 'number')) return undefined
  return `is ${article(is)}, where ${article(shape)} is needed`
}

/** A field whose expression is an optional without value is left out. */
const LEFT_OUT = Symbol('left out')

/** What `template` makes. Throws EvaluationError that says which field could not be told. */
export function evaluateTemplate(template: Template, bindings: Readonly<Record<string, Value>>): Json {
  const made = evaluatePart(template, bindings)
  return made === LEFT_OUT ? null : made
}

export class EvaluationError extends Error {
  readonly field: string
  constructor(field: string, message: string) {
    super(message)
    this.name = 'EvaluationError'
    this.field = field
  }
}

function evaluatePart(template: Template, bindings: Readonly<Record<string, Value>>): Json | typeof LEFT_OUT {
  switch (template.kind) {
    case 'literal':
      return template.value
    case 'list':
      return template.items.map((item) => evaluatePart(item, bindings)).filter((item) => item !== LEFT_OUT)
    case 'map': {
      const entries = template.entries.map(([name, part]) => [name, evaluatePart(part, bindings)] as const)
      return Object.fromEntries(entries.filter((entry): entry is [string, Json] => entry[1] !== LEFT_OUT))
    }
    case 'text':
      return template.parts.map((part) => (typeof part === 'string' ? part : textOf(part, bindings))).join('')
    case 'expression':
      return attempt(template.expression, () => {
        const value = valueIn(template.expression, bindings)
        return value instanceof CelOptional && value.value === undefined ? LEFT_OUT : (toJson(value) as Json)
      })
  }
}

function textOf(expression: Expression, bindings: Readonly<Record<string, Value>>): string {
  return attempt(expression, () => {
    const json = toJson(valueIn(expression, bindings))
    if (typeof json === 'object') throw new CelError(`is no text but ${jsonText(json)}`)
    return String(json)
  })
}

/** Runs `evaluate`; a failure says where the expression stands. */
export function attempt<T>(expression: Expression, evaluate: () => T): T {
  try {
    return evaluate()
  } catch (error) {
    throw new EvaluationError(expression.field, `\${${expression.program.source}}: ${(error as Error).message}`)
  }
}

/** The variables that a template names. */
export function namesOf(template: Template): string[] {
  switch (template.kind) {
    case 'literal':
      return []
    case 'list':
      return template.items.flatMap(namesOf)
    case 'map':
      return template.entries.flatMap(([, part]) => namesOf(part))
    case 'text':
      return template.parts.flatMap((part) => (typeof part === 'string' ? [] : namesIn(part)))
    case 'expression':
      return namesIn(template.expression)
  }
}
