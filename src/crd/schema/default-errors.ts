import { type FieldError, invalid } from '../../apimachinery/field-error.ts'
import { sameJson } from '../../apimachinery/same-json.ts'
import type { Steps } from '../../apimachinery/steps.ts'
import { embeddedErrors } from './embedded.ts'
import { goJson, isJsonObject, type Json, type JsonObject } from './json-schema.ts'
import { coerceEmbedded } from './metadata.ts'
import { asResourceRoot, defaultOf, type SchemaNode } from './node.ts'
import { atKey, child } from './path.ts'
import { prune } from './prune.ts'
import { ruleTree, runRules } from './rules/run.ts'
import { validateValue } from './validate.ts'

/** An object with a value at one place, to see whether metadata with that default is valid. */
type Surround = (value: Json) => JsonObject

const asRoot: Surround = (value) => ({ kind: 'Validation', apiVersion: 'validation/v1', ...(isJsonObject(value) ? value : {}) })

/** Defaults that their own schema would refuse or prune. */
export function* defaultErrors(root: SchemaNode, path: string): Steps<FieldError[]> {
  const node = asResourceRoot(root)
  return yield* check(node, { root: node, surround: asRoot, insideMeta: false }, path)
}

interface Place {
  readonly root: SchemaNode
  readonly surround: Surround
  readonly insideMeta: boolean
}

function* check(node: SchemaNode, outer: Place, path: string): Steps<FieldError[]> {
  const place = node.embedded ? { root: node, surround: asRoot, insideMeta: false } : outer
  const errors = node.hasDefault ? yield* defaultValueErrors(node, place, child(path, 'default')) : []
  if (node.items !== undefined) {
    const surround: Surround = (value) => place.surround([value])
    errors.push(...(yield* check(node.items, { ...place, surround }, child(path, 'items'))))
  }
  for (const [name, property] of node.properties) {
    const surround: Surround = (value) => place.surround({ [name]: value })
    const isMeta = node.embedded && ['metadata', 'apiVersion', 'kind'].includes(name)
    const below = { ...place, surround, insideMeta: place.insideMeta || isMeta }
    errors.push(...(yield* check(property, below, atKey(child(path, 'properties'), name))))
  }
  return errors
}

function* defaultValueErrors(node: SchemaNode, place: Place, path: string): Steps<FieldError[]> {
  yield
  const value = defaultOf(node)
  const errors: FieldError[] = []
  if (place.insideMeta) {
    const problem = metadataProblem(place.surround(value), place.root)
    if (problem !== undefined) return [invalid(path, value, `must result in valid metadata: ${problem}`)]
  } else {
    const pruned = prune(value, node, node.embedded)
    if (!sameJson(pruned.value, value)) errors.push(shown(path, value, 'must not have unknown fields'))
    const { error } = coerceEmbedded(value, node)
    if (error !== undefined) return [...errors, { ...error, field: child(path, error.field) }]
    const embedded = embeddedErrors(value, node, path)
    if (embedded.length > 0) return [...errors, ...embedded]
  }
  const broken = validateValue(value, node, path)
  if (broken.length > 0) return [...errors, ...broken]
  return [...errors, ...(yield* ruleErrors(node, value, place, path))]
}

const shown = (path: string, value: Json, detail: string): FieldError =>
  typeof value === 'object'
    ? { ...invalid(path, '', detail), message: `Invalid value: ${goJson(value)}: ${detail}` }
    : invalid(path, value, detail)

/** Rules must hold when the default is new, and when it was there before. */
function* ruleErrors(node: SchemaNode, value: Json, place: Place, path: string): Steps<FieldError[]> {
  const tree = yield* ruleTree(node, node === place.root)
  if (tree === undefined) return []
  const { errors } = yield* runRules(tree, value, value, undefined, path)
  return errors.length > 0 ? errors : (yield* runRules(tree, value, undefined, undefined, path)).errors
}

function metadataProblem(object: JsonObject, root: SchemaNode): string | undefined {
  const node = asResourceRoot(root)
  const { error } = coerceEmbedded(object, node)
  const problems = error === undefined ? embeddedErrors(object, node) : [error]
  if (problems.length === 0) return undefined
  const texts = problems.map((problem) => `${problem.field}: ${problem.message}`)
  return texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`
}
