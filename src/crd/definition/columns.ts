import { int64Of, isInt64 } from '../../apimachinery/json.ts'
import type { Steps } from '../../apimachinery/steps.ts'
import { JsonPathError, parseFieldPath, resultText } from '../jsonpath.ts'
import type { Json, JsonObject } from '../schema/json-schema.ts'
import type { DefinitionVersion, PrinterColumn } from './definition.ts'

/** meta.k8s.io/v1 TableColumnDefinition */
interface TableColumn {
  readonly name: string
  readonly type: string
  readonly format: string
  readonly description: string
  readonly priority: number
}

/** The columns of the table that objects of a version are shown in, and the cells of one object. */
interface ObjectTable {
  readonly columns: readonly TableColumn[]
  /** `now`: for ages. */
  cells(object: JsonObject, now: Date): Json[]
  /** As `cells`: a step a column, each of which may look through all of a large object. */
  cellSteps(object: JsonObject, now: Date): Steps<Json[]>
}

const NAME_TEXT =
  'Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names'
const CREATED_TEXT =
  'CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata'

const AGE: PrinterColumn = { name: 'Age', type: 'date', description: CREATED_TEXT, jsonPath: '.metadata.creationTimestamp' }

/** The table of `version`: its printer columns, or the age alone when it has none. */
export function tableOf(version: DefinitionVersion): ObjectTable {
  const columns = version.additionalPrinterColumns?.length ? version.additionalPrinterColumns : [AGE]
  const readers = columns.map((column) => ({ column, path: parseFieldPath(column.jsonPath ?? '') }))
  const name: TableColumn = { name: 'Name', type: 'string', format: 'name', description: NAME_TEXT, priority: 0 }
  return {
    columns: [name, ...columns.map(tableColumn)],
    cells: (object, now) => [nameOf(object), ...readers.map(({ column, path }) => cell(column, () => path.find(object), now))],
    *cellSteps(object, now) {
      const cells: Json[] = [nameOf(object)]
      for (const { column, path } of readers) {
        yield
        cells.push(cell(column, () => path.find(object), now))
      }
      return cells
    },
  }
}

const nameOf = ({ metadata }: JsonObject): string => (metadata as { name?: string } | undefined)?.name ?? ''

function tableColumn(column: PrinterColumn): TableColumn {
  return {
    name: column.name ?? '',
    type: column.type ?? '',
    format: column.format ?? '',
    description: column.description || `Custom resource definition column (in JSONPath format): ${column.jsonPath ?? ''}`,
    priority: column.priority ?? 0,
  }
}

function cell(column: PrinterColumn, find: () => Json[][], now: Date): Json {
  let value: Json | undefined
  try {
    value = find()[0]?.[0]
  } catch (error) {
    if (!(error instanceof JsonPathError)) throw error
  }
  if (value === undefined) return null
  // Go's reflection has no value for a null.
  if (value === null) return column.type === 'string' ? '<no value>' : null
  return column.type === 'string' ? resultText([value]) : typedCell(column.type ?? '', value, now)
}

function typedCell(type: string, value: Json, now: Date): Json {
  switch (type) {
    case 'integer':
      if (isInt64(value)) return value
      return typeof value === 'number' ? int64Of(value) : null
    case 'number':
      return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : null
    case 'boolean':
      return typeof value === 'boolean' ? value : null
    case 'date':
      return typeof value === 'string' ? age(value, now) : null
    default:
      return null
  }
}

const RFC3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/

/** How long ago `time` (RFC 3339) was, as tables show it: '5m', '3h12m', '2d'. */
function age(time: string, now: Date): string {
  if (time === '') return '<unknown>'
  const then = RFC3339.test(time) ? Date.parse(time) : Number.NaN
  return Number.isNaN(then) ? '<invalid>' : humanDuration(now.getTime() - then)
}

/** A duration of `milliseconds` in at most two units, as `kubectl get` shows it. */
function humanDuration(milliseconds: number): string {
  const seconds = Math.trunc(milliseconds / 1000)
  if (seconds < -1) return '<invalid>'
  if (seconds < 0) return '0s'
  if (seconds < 120) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 10) return withRest(minutes, 'm', seconds % 60, 's')
  if (minutes < 180) return `${minutes}m`
  const hours = Math.floor(minutes / 60)
  if (hours < 8) return withRest(hours, 'h', minutes % 60, 'm')
  if (hours < 48) return `${hours}h`
  const days = Math.floor(hours / 24)
  if (hours < 192) return withRest(days, 'd', hours % 24, 'h')
  if (days < 730) return `${days}d`
  const years = Math.floor(days / 365)
  return years < 8 ? withRest(years, 'y', days % 365, 'd') : `${years}y`
}

const withRest = (value: number, unit: string, rest: number, small: string): string =>
  rest === 0 ? `${value}${unit}` : `${value}${unit}${rest}${small}`
