import { type CustomResource, customResource } from '../crd/authoring/custom-resource.ts'
import type { CelType } from '../crd/cel/types.ts'
import { definitionProblems } from '../crd/definition/problems.ts'
import type { Json, JsonSchema } from '../crd/schema/json-schema.ts'
import { type CompiledResource, compileResources } from './compile-resources.ts'
import type { Composition } from './composition.ts'
import { Compiler } from './expression.ts'
import { type KindSchemas, wholeObject } from './kind-schemas.ts'
import { SchemaTypes, type TypedSchema } from './schema-types.ts'
import { type NamedTypes, type Problem, SchemaProblem, structuralSchema } from './simple-schema.ts'
import { statusSchema } from './status-schema.ts'
import { compileTemplate, type Template } from './template.ts'

/** A Composition whose every expression is compiled and fits. Immutable. */
export interface CompiledComposition {
  readonly name: string
  /** The kind that it makes. */
  readonly kind: CustomResource
  /** How objects of the kind look. */
  readonly instance: TypedSchema
  /** In the order in which they are made. */
  readonly resources: readonly CompiledResource[]
  /** What the status says, by field. */
  readonly status: Template
}

type Compilation = { readonly compiled: CompiledComposition } | { readonly problems: readonly Problem[] }

/** Checks a Composition against the kinds that the cluster serves. Problems name the field that is wrong. */
export async function compileComposition(composition: Composition, kinds: KindSchemas): Promise<Compilation> {
  const { spec, metadata } = composition
  const compiler = new Compiler(new SchemaTypes())
  const own = instanceSchema(composition, compiler)
  const instance = wholeObject({ type: 'object', properties: { spec: own } })
  const variables = { schema: compiler.types.typeOf(instance, 'schema') }
  const found = await compileResources(compiler, spec, kinds, variables)
  const known: Record<string, CelType> = { ...variables, ...found.variables }
  // Fields of a status are as their expressions have them.
  const status = compileTemplate(
    compiler,
    spec.schema.status as Json,
    { schema: {}, refs: () => undefined },
    'spec.schema.status',
    known,
  )
  for (const [name] of status.kind === 'map' ? status.entries : [])
    if (!/^[a-z]/.test(name) || name === 'conditions' || name === 'observedGeneration')
      compiler.problem(
        `spec.schema.status.${name}`,
        'must begin with a lower-case letter, and not be conditions or observedGeneration',
      )
  const kind = kindOf(composition, own, statusSchema(status))
  for (const problem of definitionProblems(kind.definition)) compiler.problem('spec.schema', problem)
  if (compiler.problems.length > 0) return { problems: compiler.problems }
  return { compiled: { name: metadata.name ?? '', kind, instance, resources: found.resources, status } }
}

function instanceSchema({ spec }: Composition, compiler: Compiler): JsonSchema {
  try {
    return structuralSchema(spec.schema.spec as Json, (spec.schema.types ?? {}) as NamedTypes, 'spec.schema.spec')
  } catch (error) {
    if (!(error instanceof SchemaProblem)) throw error
    compiler.problem(error.field, error.message)
    return { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
  }
}

function kindOf({ spec, metadata }: Composition, own: JsonSchema, status: JsonSchema): CustomResource {
  const { group, version, kind, plural, shortNames, scope, columns = {}, rules } = spec.schema
  const said = (json: JsonSchema, presence: 'required' | 'optional') => ({ json, presence })
  const made = customResource({
    group,
    version,
    kind,
    ...(plural ? { plural } : {}),
    ...(shortNames ? { shortNames } : {}),
    scope,
    spec: said(own, own.required ? 'required' : 'optional'),
    status: said(status, 'optional'),
    columns: { ...columns, Ready: '.status.conditions[?(@.type=="Ready")].status' },
    ...(rules ? { rules: rules.map(({ rule, message }) => ({ rule, ...(message ? { message } : {}) })) } : {}),
    description: `Made by the Composition ${metadata.name}.`,
  })
  return made as unknown as CustomResource
}
