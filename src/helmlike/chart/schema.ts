// values.schema.json: the values of a chart and its dependencies against their schemas, by ajv.
import type { Value, ValueMap } from '../gotemplate/value.ts'
import { isMap, typeName } from '../gotemplate/value.ts'
import { fromPlain, toPlain } from '../yaml/json.ts'
import { type Chart, ChartError } from './chart.ts'
import type { LoadSchema, Violation } from './schema-check.ts'
import type { ValueSource } from './value-origin.ts'

/** Values that do not meet a schema. The message is Helm's; `hint` tells the values, and where they were written. */
class SchemaError extends ChartError {
  readonly hint: string | undefined
  constructor(message: string, hint: string | undefined) {
    super(message)
    this.name = 'SchemaError'
    this.hint = hint
  }
}

/** Throws SchemaError when a schema is bad, or values do not meet the chart's schema or a dependency's. Loads ajv only when there is a schema. */
export async function checkSchemas(
  c: Chart,
  values: ValueMap,
  valueSources: () => Promise<readonly ValueSource[]> = async () => [],
  load?: LoadSchema,
): Promise<void> {
  if (!hasSchema(c)) return
  const { schemaViolations } = await import('./schema-check.ts')
  const found = await collect(c, values, [], (schema, plain) => schemaViolations(schema, plain, load))
  if (found.text === '') return
  const hints: string[] = []
  const sources = await valueSources()
  const [{ originOf }, { described }] = await Promise.all([import('./value-origin.ts'), import('./described.ts')])
  for (const { path, value } of found.wrong.slice(0, MAX_HINTS)) {
    const origin = path.length === 0 ? undefined : await originOf(c, path, sources)
    hints.push(`${path.join('.') || 'the values'}: ${described(value, path)}${origin === undefined ? '' : `, from ${origin}`}`)
  }
  throw new SchemaError(
    `values don't meet the specifications of the schema(s) in the following chart(s):\n${found.text}`,
    hints.length > 0 ? hints.join('; ') : undefined,
  )
}

const MAX_HINTS = 5

/** A value that does not meet a schema, by its path from the values of the whole chart. */
interface Wrong {
  readonly path: readonly string[]
  readonly value: Value
}

/** One schema alone; a line for each problem, '' for none. */
export async function checkSchema(schema: Buffer, values: ValueMap, load?: LoadSchema): Promise<string> {
  const { schemaViolations } = await import('./schema-check.ts')
  return textOf(await schemaViolations(schema, toPlain(values), load))
}

const hasSchema = (c: Chart): boolean => c.schema !== undefined || c.dependencies.some(hasSchema)

const textOf = (list: readonly Violation[]) => list.map((v) => `- at '${v.at}': ${v.problem}\n`).join('')

async function collect(
  c: Chart,
  values: ValueMap,
  above: readonly string[],
  check: (schema: Buffer, values: unknown) => Promise<readonly Violation[]>,
): Promise<{ text: string; wrong: Wrong[] }> {
  let text = ''
  const wrong: Wrong[] = []
  if (c.schema) {
    const problems = await check(c.schema, toPlain(values)).catch((e: unknown) => {
      if (!(e instanceof ChartError)) throw e
      text += `${c.metadata.name}:\n${e.message}`
      return []
    })
    if (problems.length > 0) text += `${c.metadata.name}:\n${textOf(problems)}`
    for (const { at, value } of problems) wrong.push({ path: [...above, ...pointerNames(at)], value: fromPlain(value) })
  }
  for (const sub of c.dependencies) {
    const inner: Value = values.get(sub.metadata.name)
    if (inner === null || inner === undefined) continue
    if (isMap(inner)) {
      const found = await collect(sub, inner, [...above, sub.metadata.name], check)
      text += found.text
      wrong.push(...found.wrong)
    } else text += `${sub.metadata.name}:\ninvalid type for values: expected object (map), got ${typeName(inner)}\n`
  }
  return { text, wrong }
}

/** The names in a JSON pointer. */
const pointerNames = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
