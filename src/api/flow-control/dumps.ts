import type { PathRoute } from '../pipeline/handle.ts'
import type { ApiResponse } from '../request.ts'
import type { FlowControl } from './flow-control.ts'
import type { Level } from './levels.ts'
import type { Entry } from './queue-set.ts'

const root = '/debug/api_priority_and_fairness/'

/** Tables of what the levels, queues and requests of flow control are doing, under the paths and columns of kube-apiserver. */
export function dumpRoutes(flow: FlowControl): PathRoute {
  return (request, { path }) => {
    if (!path.startsWith(root)) return undefined
    switch (path.slice(root.length)) {
      case 'dump_priority_levels':
        return table(levelRows(flow.levels()))
      case 'dump_queues':
        return table(queueRows(flow.levels()))
      case 'dump_requests':
        return table(requestRows(flow.levels(), Boolean(request.query.get('includeRequestDetails'))))
      default:
        return undefined
    }
  }
}

type Row = readonly (string | number | boolean)[]

const levelHeader = [
  'PriorityLevelName',
  'ActiveQueues',
  'IsIdle',
  'IsQuiescing',
  'WaitingRequests',
  'ExecutingRequests',
  'DispatchedRequests',
  'RejectedRequests',
  'TimedoutRequests',
  'CancelledRequests',
]

const levelRows = (levels: readonly Level[]): Row[] => [
  levelHeader,
  ...levels.map(({ name, queueSet: q, isQuiescing }): Row => {
    const active = q.queues.filter(({ waiting }) => waiting.length > 0).length
    // kube-apiserver counts those that waited too long as cancelled, and none as timed out.
    return [name, active, q.isIdle, isQuiescing, q.waiting, q.executing, q.dispatched, q.rejected, 0, q.cancelled]
  }),
]

const queueHeader = [
  'PriorityLevelName',
  'Index',
  'PendingRequests',
  'ExecutingRequests',
  'SeatsInUse',
  'NextDispatchR',
  'InitialSeatsSum',
  'MaxSeatsSum',
  'TotalWorkSum',
]

const queueRows = (levels: readonly Level[]): Row[] => [
  queueHeader,
  ...levels.flatMap(({ name, queueSet }) =>
    queueSet.queues.map(({ waiting, executing, seatsInUse, nextDispatchR, work }, i): Row => {
      const sum = (of: (entry: Entry) => number) => waiting.reduce((n, entry) => n + of(entry), 0)
      const [initial, most] = [sum((e) => e.work.initialSeats), sum((e) => e.seats)]
      return [name, i, waiting.length, executing.size, seatsInUse, seatSeconds(nextDispatchR), initial, most, seatSeconds(work)]
    }),
  ),
]

const requestHeader = [
  'PriorityLevelName',
  'FlowSchemaName',
  'QueueIndex',
  'RequestIndexInQueue',
  'FlowDistingsher',
  'ArriveTime',
  'InitialSeats',
  'FinalSeats',
  'AdditionalLatency',
  'StartTime',
]
const detailHeader = ['UserName', 'Verb', 'APIPath', 'Namespace', 'Name', 'APIVersion', 'Resource', 'SubResource']

/** `withDetails`: also what is asked, and by whom. */
function requestRows(levels: readonly Level[], withDetails: boolean): Row[] {
  const rows: Row[] = [[...requestHeader, ...(withDetails ? detailHeader : [])]]
  for (const { name, queueSet } of levels) {
    const add = (entry: Entry, queue: number, index: number) => void rows.push(requestRow(name, entry, queue, index, withDetails))
    for (const [q, { waiting, executing }] of queueSet.queues.entries()) {
      for (const [i, entry] of waiting.entries()) add(entry, q, i)
      for (const entry of executing) add(entry, q, -1)
    }
    for (const entry of queueSet.queueless) add(entry, -1, -1)
  }
  return rows
}

function requestRow(level: string, entry: Entry, queue: number, index: number, withDetails: boolean): Row {
  const { schema, distinguisher, work, user, info } = entry
  const times = [timeText(entry.arrivedMs), work.initialSeats, work.finalSeats, durationText(work.additionalMs)]
  const row: Row = [level, schema, queue, index, distinguisher, ...times, timeText(entry.startedMs)]
  if (!withDetails) return row
  const { verb, path, namespace, name, group, version, resource, subresource } = info
  return [...row, user, verb, path, namespace, name, group ? `${group}/${version}` : version, resource, subresource]
}

const seatSeconds = (n: number): string => `${n.toFixed(8)}ss`

/** RFC 3339 with nanoseconds, of which the last zeros are left out; what has not begun has Go's first time. */
function timeText(ms: number | undefined): string {
  if (ms === undefined) return '0001-01-01T00:00:00Z'
  const second = Math.floor(ms / 1000)
  const nanos = String(Math.floor((ms - second * 1000) * 1e6)).padStart(9, '0')
  const fraction = nanos.replace(/0+$/, '')
  return `${new Date(second * 1000).toISOString().slice(0, 19)}${fraction ? `.${fraction}` : ''}Z`
}

/** As Go writes durations below a second. */
function durationText(ms: number): string {
  if (ms === 0) return '0s'
  return ms < 1 ? `${Number((ms * 1000).toFixed(3))}µs` : `${Number(ms.toFixed(6))}ms`
}

const narrowest = 8

/** Go's text/tabwriter: columns as wide as their widest cell and a space, each cell but the last followed by a comma. */
export function tableText(rows: readonly Row[]): string {
  const cells = rows.map((row) => row.map((cell, i) => (i < row.length - 1 ? `${cell},` : `${cell}`)))
  const widths = (cells[0] ?? []).map((_, i) => Math.max(narrowest, ...cells.map((row) => (row[i] ?? '').length + 1)))
  const line = (row: readonly string[]) =>
    row.map((cell, i) => (i < row.length - 1 ? cell.padEnd(widths[i] ?? 0) : cell)).join('')
  return cells.map((row) => `${line(row)}\n`).join('')
}

function table(rows: readonly Row[]): ApiResponse {
  const headers = { 'content-type': 'text/plain; charset=utf-8' }
  return { status: 200, headers, body: { bytes: Buffer.from(tableText(rows)) } }
}
