import { quote } from '../../apimachinery/go-quote.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import { badRequest } from '../../apimachinery/status.ts'
import type { Steps } from '../../apimachinery/steps.ts'
import type { Kind } from '../kinds/kind.ts'
import type { Call, RowTable } from '../pipeline/call.ts'
import type { Column, ServedResource } from '../registry/served.ts'
import { asWritten } from '../schema/canonical.ts'
import { structType } from '../schema/types.ts'
import type { Stored } from '../watch/stored.ts'

export const nameDescription =
  'Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names'
export const createdDescription =
  'CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata'

const plainColumns: readonly Column[] = [
  { name: 'Name', type: 'string', format: 'name', description: nameDescription, priority: 0 },
  { name: 'Created At', type: 'date', format: '', description: createdDescription, priority: 0 },
]

const inclusions = new Set(['', 'Metadata', 'Object', 'None'])

/** What a Table cannot be made with is found when the answer is made: what was asked for is done. */
export function checkTableOptions({ accept, request }: Call): void {
  const asked = request.query.get('includeObject') ?? ''
  if (accept.as !== 'Table' || inclusions.has(asked)) return
  const why = `Invalid value: ${quote(asked)}: must be 'Metadata', 'Object', 'None', or empty`
  throw badRequest(`Unable to convert to Table as requested: includeObject: ${why}`)
}

interface Table {
  /** null of a kind without columns of its own. */
  rows: object[] | null
}

/** A Table of `items`; without columns when `withColumns` is false (later frames of a watch). */
export function encodeTable(call: Call, items: readonly Pick<Stored, 'object'>[], metadata: object, withColumns = true): Table {
  const now = call.core.clock.now()
  const { columns, cells } = columnsOf(call.resource)
  const rows = items.map(({ object }) => rowOf(call, object, cells(named(object), now)))
  return tableOf(call, rows, metadata, withColumns ? columns : null, columns === plainColumns)
}

/** As `encodeTable`, of one large object. */
export function* tableSteps(call: Call, object: KubeObject, metadata: object, withColumns = true): Steps<Table> {
  const now = call.core.clock.now()
  const { columns, cells, cellSteps } = columnsOf(call.resource)
  const shown = named(object)
  const row = rowOf(call, object, cellSteps ? yield* cellSteps(shown, now) : cells(shown, now))
  return tableOf(call, [row], metadata, withColumns ? columns : null, columns === plainColumns)
}

function rowOf(call: Call, object: KubeObject, cells: unknown[]): object {
  const include = call.request.query.get('includeObject') || 'Metadata'
  return { cells, ...rowConditions(call.resource, object), ...rowObject(call, include, object) }
}

function tableOf(
  { accept }: Call,
  rows: object[],
  metadata: object,
  columnDefinitions: readonly Column[] | null,
  isPlain: boolean,
): Table {
  // The table of a kind that has no columns of its own is made otherwise in kube-apiserver: its empty list is nil.
  const isNil = rows.length === 0 && isPlain
  const apiVersion = `meta.k8s.io/${accept.version}`
  return { kind: 'Table', apiVersion, metadata, columnDefinitions, rows: isNil ? null : rows } as Table
}

/** A bookmark's object has no name: Go shows an empty one. */
const named = (object: KubeObject): KubeObject =>
  object.metadata.name === undefined ? { ...object, metadata: { ...object.metadata, name: '' } } : object

/** A Table of one object that is made for the answer. */
export function rowTable(call: Call, object: KubeObject, { columns, cells }: RowTable): object {
  const include = call.request.query.get('includeObject') || 'Metadata'
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${call.accept.version}`,
    metadata: { resourceVersion: object.metadata.resourceVersion },
    columnDefinitions: columns,
    rows: [{ cells, ...rowObject(call, include, object) }],
  }
}

function columnsOf(resource: ServedResource): {
  columns: readonly Column[]
  cells: (object: KubeObject, now: number) => unknown[]
  cellSteps?: Kind['cellSteps']
} {
  const { cells, cellSteps } = resource.strategy
  if (cells && resource.columns.length > 0) return { columns: resource.columns, cells, cellSteps }
  return { columns: plainColumns, cells: (o) => [o.metadata.name, o.metadata.creationTimestamp ?? '0001-01-01T00:00:00Z'] }
}

function rowConditions({ strategy }: ServedResource, object: KubeObject): object {
  const conditions = strategy.rowConditions?.(object)
  return conditions ? { conditions } : {}
}

/** The bookmark that ends the initial events of a watch is told by its annotation: that is shown whatever is asked for. */
const endsInitialEvents = ({ metadata }: KubeObject): boolean => metadata.annotations?.['k8s.io/initial-events-end'] === 'true'

function rowObject(call: Call, include: string, object: KubeObject): object {
  if (include === 'None' && !endsInitialEvents(object)) return { object: null }
  return { object: include === 'Object' ? object : partialMetadata(call, object) }
}

export function partialMetadata({ accept, resource }: Call, object: KubeObject): object {
  const held = resource.strategy.internalMetadata?.(object.metadata) ?? object.metadata
  // That of a custom object is in alphabetical order, and here a struct.
  const metadata = resource.isCustom ? asWritten(structType('meta/v1.ObjectMeta'), held) : held
  return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${accept.version || 'v1'}`, metadata }
}
