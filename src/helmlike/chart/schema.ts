// values.schema.json: the values of a chart and its dependencies against their schemas, by ajv.
import type { Value, ValueMap } from '../gotemplate/value.ts'
import { isMap, typeName } from '../gotemplate/value.ts'
import { toPlain } from '../yaml/json.ts'
import { type Chart, ChartError } from './chart.ts'

/** Throws ChartError when values do not meet the chart's schema or a dependency's. Loads ajv only when there is a schema. */
export async function checkSchemas(c: Chart, values: ValueMap): Promise<void> {
  if (!hasSchema(c)) return
  const { schemaProblems } = await import('./schema-check.ts')
  const problems = await collect(c, values, schemaProblems)
  if (problems !== '')
    throw new ChartError(`values don't meet the specifications of the schema(s) in the following chart(s):\n${problems}`)
}

/** One schema alone; a line for each problem, '' for none. */
export async function checkSchema(schema: Buffer, values: ValueMap): Promise<string> {
  const { schemaProblems } = await import('./schema-check.ts')
  return schemaProblems(schema, toPlain(values))
}

const hasSchema = (c: Chart): boolean => c.schema !== undefined || c.dependencies.some(hasSchema)

async function collect(c: Chart, values: ValueMap, check: (schema: Buffer, values: unknown) => Promise<string>): Promise<string> {
  let out = ''
  if (c.schema) {
    const problems = await check(c.schema, toPlain(values))
    if (problems !== '') out += `${c.metadata.name}:\n${problems}`
  }
  for (const sub of c.dependencies) {
    const inner: Value = values.get(sub.metadata.name)
    if (inner === null || inner === undefined) continue
    if (isMap(inner)) out += await collect(sub, inner, check)
    else out += `${sub.metadata.name}:\ninvalid type for values: expected object (map), got ${typeName(inner)}\n`
  }
  return out
}
