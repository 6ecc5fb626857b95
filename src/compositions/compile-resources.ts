import type { Unstructured } from '../apimachinery/object.ts'
import type { Resource } from '../apimachinery/resource.ts'
import { type CelType, isDyn, listOf } from '../crd/cel/types.ts'
import type { Json, JsonObject } from '../crd/schema/json-schema.ts'
import type { ComposedResource, Composition } from './composition.ts'
import { type Compiler, type Expression, namesIn, type Variables } from './expression.ts'
import { orderOf } from './graph.ts'
import type { KindSchemas, KnownKind } from './kind-schemas.ts'
import type { TypedSchema } from './schema-types.ts'
import { compileTemplate, namesOf, type Template } from './template.ts'

export interface CompiledResource {
  readonly id: string
  readonly resource: Resource<Unstructured>
  readonly schema: TypedSchema
  /** Makes the object; of an external one, its metadata. */
  readonly template: Template
  readonly isExternal: boolean
  readonly includeWhen: readonly Expression[]
  /** See the object itself: as its id, or of several, as `each`. */
  readonly readyWhen: readonly Expression[]
  readonly forEach: readonly { readonly name: string; readonly list: Expression; readonly item: CelType }[]
  /** Ids that must be ready before. */
  readonly dependsOn: ReadonlySet<string>
  /** The field of the Composition that it stands in. */
  readonly field: string
}

interface Placed {
  readonly given: ComposedResource
  readonly field: string
  readonly known: KnownKind
}

/** Names that mean something else. */
const reserved = new Set(['schema', 'each', 'self', 'oldSelf', 'true', 'false', 'null', 'in'])

/** Compiles the resources of a Composition and puts them in order; `variables` are what expressions may call them. */
export async function compileResources(
  compiler: Compiler,
  spec: Composition['spec'],
  kinds: KindSchemas,
  schema: Variables,
): Promise<{ resources: CompiledResource[]; variables: Record<string, CelType> }> {
  const placed: Placed[] = []
  for (const [i, given] of spec.resources.entries()) {
    const field = `spec.resources[${i}]`
    if (reserved.has(given.id)) compiler.problem(`${field}.id`, `${given.id} has another meaning: choose another id`)
    const known = await kindIn(compiler, given, field, kinds)
    if (known && isPossible(compiler, spec, given, field, known)) placed.push({ given, field, known })
  }
  const variables: Record<string, CelType> = {}
  for (const { given, known } of placed) {
    const type = compiler.types.typeOf(known.schema, given.id)
    variables[given.id] = given.forEach?.length ? listOf(type) : type
  }
  // With a kind missing, what refers to it would be called wrong too: tell the cause alone.
  if (placed.length < spec.resources.length) return { resources: [], variables }
  const compiled = new Map(placed.map((p) => [p.given.id, compileResource(compiler, p, { ...schema, ...variables })]))
  const ordered = orderOf(new Map(Array.from(compiled, ([id, { dependsOn }]) => [id, dependsOn])))
  if ('cycle' in ordered) {
    const first = compiled.get(ordered.cycle[0] ?? '')
    compiler.problem(first?.field ?? 'spec.resources', `these wait for each other: ${ordered.cycle.join(' → ')}`)
    return { resources: [], variables }
  }
  return { resources: ordered.order.map((id) => compiled.get(id)).filter((r) => r !== undefined), variables }
}

async function kindIn(compiler: Compiler, given: ComposedResource, field: string, kinds: KindSchemas) {
  const { apiVersion, kind } = (given.template ?? given.external ?? {}) as Partial<Record<'apiVersion' | 'kind', Json>>
  const at = `${field}.${given.template ? 'template' : 'external'}`
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || `${apiVersion}${kind}`.includes('${'))
    return compiler.problem(at, 'apiVersion and kind must be given, and be plain texts')
  const known = await kinds.of(apiVersion, kind)
  return known ?? compiler.problem(`${at}.kind`, `the cluster serves no ${apiVersion} ${kind}: is its definition missing?`, true)
}

/** What the owner references of Kubernetes cannot say is refused here, not when the first object is made. */
function isPossible(
  compiler: Compiler,
  spec: Composition['spec'],
  given: ComposedResource,
  field: string,
  { resource }: KnownKind,
) {
  if (!given.template) return true
  const { kind, scope } = spec.schema
  const before = compiler.problems.length
  const metadata = (given.template.metadata ?? {}) as JsonObject
  if (scope === 'Namespaced' && !resource.namespaced)
    compiler.problem(
      `${field}.template.kind`,
      `a ${resource.kind} has no namespace, so a ${kind} in one cannot own it: set spec.schema.scope to Cluster`,
    )
  else if (scope === 'Namespaced' && 'namespace' in metadata && metadata.namespace !== '${schema.metadata.namespace}')
    compiler.problem(`${field}.template.metadata.namespace`, `objects are in the namespace of their ${kind}: leave it out`)
  else if (scope === 'Cluster' && resource.namespaced && !('namespace' in metadata))
    compiler.problem(`${field}.template.metadata`, `needs a namespace, since a ${kind} has none`)
  return compiler.problems.length === before
}

function compileResource(compiler: Compiler, { given, field, known }: Placed, variables: Variables): CompiledResource {
  const { id } = given
  const iterators: Record<string, CelType> = {}
  const forEach = (given.forEach ?? []).flatMap((iterator, i) => {
    const list = compiler.compileWhole(iterator.in, `${field}.forEach[${i}].in`, variables)
    const item = list && itemType(compiler, list)
    if (iterator.name in variables)
      compiler.problem(`${field}.forEach[${i}].name`, `${iterator.name} has another meaning already`)
    if (!list || !item) return []
    iterators[iterator.name] = item
    return [{ name: iterator.name, list, item }]
  })
  const visible = { ...variables, ...iterators }
  const template = given.template
    ? compileTemplate(compiler, given.template, known.schema, `${field}.template`, visible)
    : externalTemplate(compiler, given, field, visible)
  const conditions = (name: 'includeWhen' | 'readyWhen', over: Variables): Expression[] =>
    (given[name] ?? []).flatMap((text, i) => {
      const expression = compiler.compileWhole(text, `${field}.${name}[${i}]`, over)
      const type = expression?.program.type
      if (type && type.kind !== 'bool' && !isDyn(type))
        compiler.problem(expression.field, `${text} is ${type}, where true or false is needed`)
      return expression ?? []
    })
  const own = compiler.types.typeOf(known.schema, id)
  const includeWhen = conditions('includeWhen', variables)
  const readyWhen = conditions('readyWhen', forEach.length > 0 ? { each: own } : { [id]: own })
  const names = [...namesOf(template), ...includeWhen.flatMap(namesIn), ...forEach.flatMap((f) => namesIn(f.list))]
  const dependsOn = new Set(names.filter((name) => name in variables && name !== 'schema' && !(name in iterators)))
  if (dependsOn.delete(id)) compiler.problem(field, `${id} cannot refer to itself, except in readyWhen`)
  requireDistinctNames(compiler, template, forEach, field)
  const isExternal = given.template === undefined
  return {
    id,
    resource: known.resource,
    schema: known.schema,
    template,
    isExternal,
    includeWhen,
    readyWhen,
    forEach,
    dependsOn,
    field,
  }
}

function externalTemplate(compiler: Compiler, given: ComposedResource, field: string, variables: Variables): Template {
  const schema = {
    schema: { type: 'object', properties: { name: { type: 'string' }, namespace: { type: 'string' } } },
    refs: () => undefined,
  }
  return compileTemplate(compiler, (given.external?.metadata ?? {}) as Json, schema, `${field}.external.metadata`, variables)
}

function itemType(compiler: Compiler, { program, field }: Expression): CelType | undefined {
  const { type } = program
  if (type.kind === 'list') return type.params[0]
  if (isDyn(type)) return type
  return compiler.problem(field, `\${${program.source}} is ${type}, where a list is needed`)
}

/** Objects of a forEach would be one and the same if their name did not say which they are. */
function requireDistinctNames(compiler: Compiler, template: Template, forEach: CompiledResource['forEach'], field: string): void {
  const entry = (t: Template | undefined, name: string) =>
    t?.kind === 'map' ? t.entries.find(([key]) => key === name)?.[1] : undefined
  const name = entry(entry(template, 'metadata'), 'name')
  const used = new Set(name ? namesOf(name) : [])
  for (const iterator of forEach.filter((f) => !used.has(f.name)))
    compiler.problem(
      `${field}.template.metadata.name`,
      `must be made of ${iterator.name}, so that each object has a name of its own`,
    )
}
