import type { Unstructured } from '../apimachinery/object.ts'
import { ArrayList, CelList, listItems, type Value } from '../crd/cel/values.ts'
import type { Json, JsonObject } from '../crd/schema/json-schema.ts'
import type { CompiledComposition } from './compile.ts'
import type { CompiledResource } from './compile-resources.ts'
import { type Expression, valueIn } from './expression.ts'
import { typedValue } from './schema-types.ts'
import { attempt, EvaluationError, evaluateTemplate, type Template } from './template.ts'

/** What a pass does with the cluster. */
export interface Cluster {
  /** Declares an object; answers it as the cluster has it, if it has. */
  declare(resource: CompiledResource, object: Unstructured): Unstructured | undefined
  /** An object that is not ours. */
  read(resource: CompiledResource, name: string, namespace: string | undefined): Unstructured | undefined
}

export interface Pass {
  /** Resources that are not ready, and why, in order. */
  readonly waiting: ReadonlyMap<string, string>
  /** Resources of which it could not be told what should exist: what is there stays. */
  readonly undecided: ReadonlySet<string>
  readonly status: JsonObject
}

type Bindings = Record<string, Value>

/** One pass over one object of the kind: declares what can be told now, and says what waits for what. */
export function evaluatePass(composition: CompiledComposition, instance: Unstructured, cluster: Cluster): Pass {
  const bindings: Bindings = { schema: typedValue(instance, composition.instance) }
  const waiting = new Map<string, string>()
  const undecided = new Set<string>()
  const excluded = new Set<string>()
  for (const resource of composition.resources) {
    const { id, dependsOn } = resource
    if ([...dependsOn].some((other) => excluded.has(other))) {
      excluded.add(id)
      continue
    }
    const blocking = [...dependsOn].filter((other) => waiting.has(other))
    if (blocking.length > 0) {
      waiting.set(id, `waits for ${blocking.join(', ')}`)
      undecided.add(id)
      continue
    }
    try {
      if (!resource.includeWhen.every((condition) => isTrue(condition, bindings))) excluded.add(id)
      else {
        const why = makeResource(resource, bindings, cluster)
        if (why) waiting.set(id, why)
      }
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error
      waiting.set(id, `${error.field}: ${error.message}`)
      undecided.add(id)
    }
  }
  return { waiting, undecided, status: statusOf(composition.status, bindings) }
}

/** Declares a resource's objects and binds its id to what is there; answers why it is not ready. */
function makeResource(resource: CompiledResource, bindings: Bindings, cluster: Cluster): string | undefined {
  const { id, forEach, schema } = resource
  if (forEach.length === 0) {
    const live = makeOne(resource, bindings, cluster)
    if (!live) return resource.isExternal ? 'is not there' : 'is being made'
    bindings[id] = typedValue(live, schema)
    return notReady(resource, { [id]: bindings[id] })
  }
  // All are told before any is declared: half a list would delete the other half.
  const objects = combinations(resource, bindings).map((more) => evaluated(resource, { ...bindings, ...more }))
  const live = objects.map((object) => cluster.declare(resource, object))
  const there = live.filter((object) => object !== undefined).map((object) => typedValue(object, schema))
  if (there.length < objects.length) return `${there.length} of ${objects.length} are made`
  bindings[id] = new ArrayList(there)
  const problems = there.map((each) => notReady(resource, { each })).filter((why) => why !== undefined)
  return problems.length === 0 ? undefined : `${problems.length} of ${objects.length}: ${problems[0]}`
}

function makeOne(resource: CompiledResource, bindings: Bindings, cluster: Cluster): Unstructured | undefined {
  if (!resource.isExternal) return cluster.declare(resource, evaluated(resource, bindings))
  const { name, namespace } = evaluateTemplate(resource.template, bindings) as { name: string; namespace?: string }
  return cluster.read(resource, name, namespace)
}

const evaluated = ({ template }: CompiledResource, bindings: Bindings): Unstructured =>
  evaluateTemplate(template, bindings) as unknown as Unstructured

/** Every choice of one item of each list. */
function combinations({ forEach }: CompiledResource, bindings: Bindings): Bindings[] {
  let chosen: Bindings[] = [{}]
  for (const { name, list } of forEach) {
    const value = attempt(list, () => valueIn(list, bindings))
    if (!(value instanceof CelList)) throw new EvaluationError(list.field, `\${${list.program.source}} is no list`)
    chosen = chosen.flatMap((before) => listItems(value).map((item) => ({ ...before, [name]: item })))
  }
  return chosen
}

function isTrue(condition: Expression, bindings: Bindings): boolean {
  return attempt(condition, () => valueIn(condition, bindings)) === true
}

/** Why an object that is there is not ready. A condition over a field that is not written yet is not true yet. */
function notReady({ readyWhen }: CompiledResource, bindings: Bindings): string | undefined {
  for (const condition of readyWhen) {
    try {
      if (!isTrue(condition, bindings)) return `\${${condition.program.source}} is not true yet`
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error
      return error.message
    }
  }
  return undefined
}

/** Field by field: what cannot be told yet is left out. */
function statusOf(template: Template, bindings: Bindings): JsonObject {
  if (template.kind !== 'map') return {}
  const entries: [string, Json][] = []
  for (const [name, part] of template.entries) {
    try {
      const value = part.kind === 'map' ? statusOf(part, bindings) : evaluateTemplate(part, bindings)
      if (value !== null) entries.push([name, value])
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error
    }
  }
  return Object.fromEntries(entries)
}
