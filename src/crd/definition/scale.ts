import { type FieldError, invalid } from '../../apimachinery/field-error.ts'
import { goTypeOf } from '../../apimachinery/go-type.ts'
import { goText } from '../../apimachinery/go-value.ts'
import { isInt64 } from '../../apimachinery/json.ts'
import { isJsonObject, type Json, type JsonObject, own } from '../schema/json-schema.ts'
import { withChanges } from '../schema/prune.ts'
import type { ScaleSubresource } from './definition.ts'

const MOST_REPLICAS = 2 ** 31 - 1

/** What the paths of a scale subresource lead to in an object. */
interface ScaleValues {
  readonly specReplicas: number | undefined
  readonly statusReplicas: number
  /** As text; '' when there is none. */
  readonly selector: string
}

const steps = (path: string): string[] => path.replace(/^\./, '').split('.')

/** The replicas and selector of `object`. Values of wrong types count as absent; `scaleErrors` tells of them. */
export function scaleOf(object: JsonObject, scale: ScaleSubresource): ScaleValues {
  const spec = lookup(object, scale.specReplicasPath ?? '').value
  const status = lookup(object, scale.statusReplicasPath ?? '').value
  const selector = scale.labelSelectorPath ? lookup(object, scale.labelSelectorPath).value : undefined
  return {
    specReplicas: typeof spec === 'number' ? spec : undefined,
    statusReplicas: typeof status === 'number' ? status : 0,
    selector: typeof selector === 'string' ? selector : '',
  }
}

/** `object` with other replicas. */
export function withReplicas(object: JsonObject, scale: ScaleSubresource, replicas: number): JsonObject {
  const set = (parent: JsonObject, [first, ...rest]: readonly string[]): JsonObject => {
    const inner = own(parent, first as string)
    const value: Json = rest.length === 0 ? replicas : set(isJsonObject(inner) ? inner : {}, rest)
    return withChanges(parent, new Map([[first as string, value]]))
  }
  return set(object, steps(scale.specReplicasPath ?? ''))
}

/** What is wrong with what the scale paths lead to. */
export function scaleErrors(object: JsonObject, scale: ScaleSubresource, parts: 'all' | 'status'): FieldError[] {
  const spec = parts === 'all' ? replicaErrors(object, scale.specReplicasPath ?? '') : []
  return [...spec, ...replicaErrors(object, scale.statusReplicasPath ?? ''), ...selectorErrors(object, scale.labelSelectorPath)]
}

function replicaErrors(object: JsonObject, path: string): FieldError[] {
  const { value, problem } = lookup(object, path)
  if (problem !== undefined) return [invalid(path, 0, problem)]
  if (value === undefined) return []
  if (!isInt64(value)) return [invalid(path, 0, accessorProblem(path, value, 'int64'))]
  const replicas = value
  if (replicas < 0) return [invalid(path, replicas, 'should be a non-negative integer')]
  return replicas > MOST_REPLICAS ? [invalid(path, replicas, `should be less than or equal to ${MOST_REPLICAS}`)] : []
}

function selectorErrors(object: JsonObject, path: string | undefined): FieldError[] {
  if (!path) return []
  const { value, problem } = lookup(object, path)
  if (problem !== undefined) return [invalid(path, '', problem)]
  return value === undefined || typeof value === 'string' ? [] : [invalid(path, '', accessorProblem(path, value, 'string'))]
}

function lookup(object: JsonObject, path: string): { value?: Json; problem?: string } {
  let current: Json = object
  const all = steps(path)
  for (const [i, step] of all.entries()) {
    if (current === null) return {}
    if (!isJsonObject(current))
      return { problem: accessorProblem(all.slice(0, i + 1).join('.'), current, 'map[string]interface{}') }
    const next: Json | undefined = own(current, step)
    if (next === undefined) return {}
    current = next
  }
  return { value: current }
}

const accessorProblem = (path: string, value: Json, wanted: string): string =>
  `.${steps(path).join('.')} accessor error: ${goText(value)} is of the type ${goTypeOf(value)}, expected ${wanted}`
