import type { Event } from '../../../apimachinery/kinds.generated.ts'
import { isPathSegmentName } from '../../../apimachinery/names.ts'
import { kind } from '../kind.ts'
import { since } from '../table.ts'
import { validateEvent, validateEventUpdate } from './event-validation.ts'

function sourceCell(event: Event): string {
  const component = event.source?.component || event.reportingComponent || ''
  const host = event.source?.host || event.reportingInstance || ''
  return host === '' ? component : `${component}, ${host}`
}

/** Cells of an event, however it was written. */
export function eventCells(event: Event, now: number): unknown[] {
  const first = since(event.firstTimestamp ?? event.eventTime, now)
  const last = event.series?.lastObservedTime ?? event.lastTimestamp
  const count = event.series ? (event.series.count ?? 0) : event.count || 1
  const { kind: objectKind = '', name = '', fieldPath = '' } = event.involvedObject ?? {}
  const target = name === '' ? objectKind.toLowerCase() : `${objectKind.toLowerCase()}/${name}`
  return [
    last ? since(last, now) : first,
    event.type ?? '',
    event.reason ?? '',
    target,
    fieldPath,
    sourceCell(event),
    (event.message ?? '').trim(),
    first,
    count,
    event.metadata.name,
  ]
}

export const event = kind<Event>({
  gvk: 'v1/Event',
  specFields: [],
  allowCreateOnUpdate: true,
  nameRule: isPathSegmentName,
  anyFinalizer: true,
  isCollected: false,
  looksAtMetadataLast: true,
  validate: validateEvent,
  validateUpdate: validateEventUpdate,
  cells: eventCells,
  selectableFields: {
    'involvedObject.kind': (e) => e.involvedObject?.kind ?? '',
    'involvedObject.namespace': (e) => e.involvedObject?.namespace ?? '',
    'involvedObject.name': (e) => e.involvedObject?.name ?? '',
    'involvedObject.uid': (e) => e.involvedObject?.uid ?? '',
    'involvedObject.apiVersion': (e) => e.involvedObject?.apiVersion ?? '',
    'involvedObject.resourceVersion': (e) => e.involvedObject?.resourceVersion ?? '',
    'involvedObject.fieldPath': (e) => e.involvedObject?.fieldPath ?? '',
    reason: (e) => e.reason ?? '',
    reportingComponent: (e) => e.reportingComponent ?? '',
    source: (e) => e.source?.component || e.reportingComponent || '',
    type: (e) => e.type ?? '',
  },
})
