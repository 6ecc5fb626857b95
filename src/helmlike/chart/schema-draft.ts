// A schema of any draft in the words of the draft that its ajv reads. Ajv has keywords of its own, and some of later drafts in earlier ones:
// what a draft does not know says nothing there.

type Json = { [key: string]: unknown }
const isObject = (v: unknown): v is Json => typeof v === 'object' && v !== null && !Array.isArray(v)

export type Draft = 4 | 6 | 7 | 2019 | 2020

/** The draft that `$schema` names; the newest where it names none. */
export function draftOf(schema: unknown): Draft {
  const named = isObject(schema) && typeof schema.$schema === 'string' ? schema.$schema : ''
  const [, old, new_] = /draft-0([467])|draft\/(2019-09|2020-12)/.exec(named) ?? []
  if (old !== undefined) return Number(old) as Draft
  return new_ === '2019-09' ? 2019 : named === '' || new_ !== undefined || /json-schema\.org\/schema#?$/.test(named) ? 2020 : 7
}

/** Keywords whose value is data, not schemas. */
const DATA: ReadonlySet<string> = new Set(['enum', 'const', 'default', 'examples'])
/** Keywords whose value has schemas by name. */
const NAMED: ReadonlySet<string> = new Set([
  'properties',
  'patternProperties',
  '$defs',
  'definitions',
  'dependentSchemas',
  'dependencies',
])
/** What stays beside a reference where a draft ignores its neighbours: others may refer to it. */
const BESIDE_REFERENCE: ReadonlySet<string> = new Set(['$ref', '$defs', 'definitions', '$schema'])
/** Keywords that ajv would take for more than the draft does, by the first draft that knows them. */
const SINCE: ReadonlyMap<string, Draft> = new Map<string, Draft>([
  ...(['const', 'contains', 'examples', 'propertyNames', '$id'] as const).map((k): [string, Draft] => [k, 6]),
  ...(['if', 'then', 'else', '$comment'] as const).map((k): [string, Draft] => [k, 7]),
  ['$anchor', 2019],
])

/** Keywords that have one schema or a list of them. */
const SCHEMAS: ReadonlySet<string> = new Set(
  'items additionalItems additionalProperties not allOf anyOf oneOf if then else contains propertyNames'.split(' '),
)
const SCHEMAS_SINCE_2019: ReadonlySet<string> = new Set(
  '$defs dependentSchemas prefixItems unevaluatedItems unevaluatedProperties contentSchema'.split(' '),
)

/** Every `pattern` of a schema, but for those in what the draft does not know. */
export function* patternsIn(schema: unknown, draft: Draft): Generator<string> {
  if (Array.isArray(schema)) for (const s of schema) yield* patternsIn(s, draft)
  if (!isObject(schema)) return
  if (typeof schema.pattern === 'string') yield schema.pattern
  for (const [keyword, v] of Object.entries(schema)) {
    if (!SCHEMAS.has(keyword) && !NAMED.has(keyword) && !SCHEMAS_SINCE_2019.has(keyword)) continue
    if (draft < 2019 ? SCHEMAS_SINCE_2019.has(keyword) : draft === 2020 && keyword === 'additionalItems') continue
    yield* patternsIn(NAMED.has(keyword) && isObject(v) ? Object.values(v) : v, draft)
  }
}

/** The schema as the ajv of its draft shall read it. */
export function forAjv(schema: unknown, draft: Draft): unknown {
  if (Array.isArray(schema)) return schema.map((s) => forAjv(s, draft))
  if (!isObject(schema)) return schema
  const out: Json = Object.create(null)
  const isReference = draft < 2019 && typeof schema.$ref === 'string'
  for (const [keyword, v] of Object.entries(schema)) {
    if (isReference && !BESIDE_REFERENCE.has(keyword)) continue
    if (isUnknown(keyword, v, draft)) continue
    out[keyword] = DATA.has(keyword) ? v : NAMED.has(keyword) && isObject(v) ? byName(v, draft) : forAjv(v, draft)
  }
  return draft === 4 ? ofDraft4(out, schema) : out
}

function byName(schemas: Json, draft: Draft): Json {
  const out: Json = Object.create(null)
  for (const [name, v] of Object.entries(schemas)) out[name] = forAjv(v, draft)
  return out
}

/** Whether ajv would read a meaning into a keyword that the draft does not. */
function isUnknown(keyword: string, v: unknown, draft: Draft): boolean {
  if (keyword === 'nullable' || keyword === '$async') return typeof v === 'boolean'
  if (keyword === 'id') return typeof v === 'string'
  const since = SINCE.get(keyword)
  return since !== undefined && draft < since
}

/** Draft 4's `id` and boolean exclusive limits as later drafts write them. */
function ofDraft4(out: Json, schema: Json): Json {
  if (typeof schema.id === 'string' && !('$ref' in out)) out.$id = schema.id
  for (const [limit, exclusive] of [
    ['minimum', 'exclusiveMinimum'],
    ['maximum', 'exclusiveMaximum'],
  ] as const) {
    if (typeof out[exclusive] !== 'boolean') continue
    if (out[exclusive]) {
      out[exclusive] = out[limit]
      delete out[limit]
    } else delete out[exclusive]
  }
  return out
}
