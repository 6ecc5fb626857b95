import type { PrinterColumn } from '../definition/definition.ts'
import type { JsonSchema } from '../schema/json-schema.ts'

/** Title → path, or the path with more. */
export type Columns = Readonly<Record<string, string | (Omit<PrinterColumn, 'name' | 'jsonPath'> & { readonly path: string })>>

/** Printer columns with the type their field has, and the age at the end, which own columns would otherwise take away. */
export function columnsOf(columns: Columns, root: JsonSchema): PrinterColumn[] {
  const made = Object.entries(columns).map(([name, said]): PrinterColumn => {
    const { path, ...more } = typeof said === 'string' ? { path: said } : said
    return { name, type: typeAt(root, path), jsonPath: path, ...more }
  })
  const hasAge = made.some((c) => c.jsonPath === '.metadata.creationTimestamp')
  return hasAge ? made : [...made, { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }]
}

/** `.status.ready` → integer. What is no plain path to a scalar is shown as text. */
function typeAt(root: JsonSchema, path: string): string {
  let schema: JsonSchema | undefined = root
  for (const name of path.replace(/^\./, '').split('.')) schema = schema?.properties?.[name]
  if (schema?.format === 'date-time') return 'date'
  return schema?.type && ['integer', 'number', 'boolean'].includes(schema.type) ? schema.type : 'string'
}
