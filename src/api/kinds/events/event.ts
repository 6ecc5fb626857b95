import type { Event, EventsV1Event } from '../../../apimachinery/kinds.generated.ts'
import { eventCells } from '../core/event.ts'
import { kind } from '../kind.ts'
import { fromCoreEvent, toCoreEvent } from './conversion.ts'

export const eventsEvent = kind<EventsV1Event>({
  gvk: 'events.k8s.io/v1/Event',
  specFields: [],
  allowCreateOnUpdate: true,
  storedAs: { gvk: 'v1/Event', toStored: toCoreEvent, fromStored: (stored) => fromCoreEvent(stored as Event) },
  cells: (event, now) => eventCells(toCoreEvent(event), now),
  selectableFields: {
    'regarding.kind': (e) => e.regarding?.kind ?? '',
    'regarding.namespace': (e) => e.regarding?.namespace ?? '',
    'regarding.name': (e) => e.regarding?.name ?? '',
    'regarding.uid': (e) => e.regarding?.uid ?? '',
    'regarding.apiVersion': (e) => e.regarding?.apiVersion ?? '',
    'regarding.resourceVersion': (e) => e.regarding?.resourceVersion ?? '',
    'regarding.fieldPath': (e) => e.regarding?.fieldPath ?? '',
    reason: (e) => e.reason ?? '',
    reportingController: (e) => e.reportingController ?? '',
    type: (e) => e.type ?? '',
  },
})
