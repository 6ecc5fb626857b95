import { type FieldError, invalid } from '../../apimachinery/field-error.ts'
import type { Steps } from '../../apimachinery/steps.ts'
import { Correlation } from './correlation.ts'
import { applyDefaults, defaultSteps, dropForbiddenNulls, dropNullsSteps } from './default.ts'
import { embeddedErrors } from './embedded.ts'
import type { Json, JsonObject, JsonSchema } from './json-schema.ts'
import { own } from './json-schema.ts'
import { duplicateItems } from './list-types.ts'
import { type Coerced, coerceEmbedded } from './metadata.ts'
import { nodeOf, type SchemaNode } from './node.ts'
import { prune, pruneSteps } from './prune.ts'
import { type RuleNode, ruleTree, runRules } from './rules/run.ts'
import { validateChange, validateSteps, validateValue } from './validate.ts'

/** What validation found: `warnings` are failed rules that an unchanged part of the object broke before. */
interface Validated {
  readonly errors: FieldError[]
  readonly warnings: FieldError[]
}

/** The schema of one version of a custom resource, compiled. Nothing here mutates; results share what is unchanged. */
export interface CompiledSchema {
  readonly schema: JsonSchema
  /** The object without fields that the schema does not know, and their paths, sorted. */
  pruneSteps(object: JsonObject): Steps<{ object: JsonObject; unknown: string[] }>
  /** Embedded resources' metadata reduced to what ObjectMeta has. `dropInvalid`: malformed fields go, instead of an error. */
  coerceEmbedded(object: JsonObject, dropInvalid?: boolean): Coerced
  /** What is kept of the object: no fields that the schema does not know, no nulls that `dropNulls` drops. */
  known(object: JsonObject): JsonObject
  /** Without nulls where null is not allowed and no default is given. */
  dropNulls(object: JsonObject): JsonObject
  default(object: JsonObject): JsonObject
  /** `default` of `dropNulls` or, with `keepsNulls`, of the object itself, in steps. */
  defaultSteps(object: JsonObject, keepsNulls: boolean): Steps<JsonObject>
  /** Against types and values only. */
  validateValues(object: JsonObject): FieldError[]
  /** All that a custom resource must hold: values, embedded resources, list types, rules. `old`: what an update replaces; `told`: what is
   *  known to be wrong with it, which may keep the rules from running. */
  validate(object: JsonObject, old?: JsonObject, told?: readonly FieldError[]): Steps<Validated>
  /** The same for an update of the status subresource. */
  validateStatus(object: JsonObject, old: JsonObject): Steps<Validated>
}

/** Compiles `schema`, which should be structural. Rules are compiled when the first object is validated. */
export function compileSchema(schema: JsonSchema): CompiledSchema {
  const node = nodeOf(schema)
  let rules: RuleNode | undefined | null = null
  const tree = function* (): Steps<RuleNode | undefined> {
    if (rules !== null) return rules
    const compiled = yield* ruleTree(node, true)
    rules ??= compiled
    return rules
  }
  return {
    schema,
    *pruneSteps(object) {
      const { value, unknown } = yield* pruneSteps(object, node, true)
      return { object: value as JsonObject, unknown }
    },
    *defaultSteps(object, keepsNulls) {
      const given = keepsNulls ? object : yield* dropNullsSteps(object, node)
      yield
      return (yield* defaultSteps(given, node)) as JsonObject
    },
    coerceEmbedded: (object, dropInvalid) => coerceEmbedded(object, node, dropInvalid),
    known: (object) => dropForbiddenNulls(prune(object, node, true).value, node) as JsonObject,
    dropNulls: (object) => dropForbiddenNulls(object, node) as JsonObject,
    default: (object) => applyDefaults(object, node) as JsonObject,
    validateValues: (object) => validateValue(object, node),
    *validate(object, old, told = []) {
      const errors = yield* validateSteps(object, old, node)
      yield
      const embedded = embeddedErrors(object, node)
      yield
      for (const error of [...embedded, ...(yield* newDuplicates(object, old, node))]) errors.push(error)
      yield
      return yield* withRules(yield* tree(), node, object, old, errors, told)
    },
    *validateStatus(object, old) {
      const errors = [...statusErrors(object, old, node), ...(yield* newDuplicates(object, old, node))]
      yield
      return yield* withRules(yield* tree(), node, object, old, errors)
    },
  }
}

/** Lists that had duplicates before may keep having them. */
function* newDuplicates(object: JsonObject, old: JsonObject | undefined, node: SchemaNode): Steps<FieldError[]> {
  const found = yield* duplicateItems(object, node)
  if (found.length === 0 || old === undefined) return found
  return (yield* duplicateItems(old, node)).length > 0 ? [] : found
}

function statusErrors(object: JsonObject, old: JsonObject, node: SchemaNode): FieldError[] {
  const status: Json | undefined = own(object, 'status')
  const schema = node.properties.get('status')
  if (status === undefined || schema === undefined) return []
  const before = own(old, 'status')
  return before === undefined ? validateValue(status, schema, 'status') : validateChange(status, before, schema, 'status')
}

/** What is so wrong that rules would only say it again. */
const BLOCKING = new Set([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
])

function* withRules(
  tree: RuleNode | undefined,
  node: SchemaNode,
  object: JsonObject,
  old: JsonObject | undefined,
  errors: FieldError[],
  told: readonly FieldError[] = [],
): Steps<Validated> {
  if (tree === undefined) return { errors, warnings: [] }
  if ([...told, ...errors].some((error) => BLOCKING.has(error.type))) {
    const detail =
      'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation'
    return { errors: [...errors, invalid('<nil>', null, detail)], warnings: [] }
  }
  const correlation = old === undefined ? undefined : new Correlation(object, old, node)
  const outcome = yield* runRules(tree, object, old, correlation)
  return { errors: [...errors, ...outcome.errors], warnings: outcome.warnings }
}
