import type { Event, EventsV1Event } from '../../../apimachinery/kinds.generated.ts'

type Pairs = readonly (readonly [core: keyof Event, events: keyof EventsV1Event])[]

/** The fields of a v1 Event and what they are called in events.k8s.io/v1. One object is stored for both. */
const renamed: Pairs = [
  ['metadata', 'metadata'],
  ['eventTime', 'eventTime'],
  ['series', 'series'],
  ['reportingComponent', 'reportingController'],
  ['reportingInstance', 'reportingInstance'],
  ['action', 'action'],
  ['reason', 'reason'],
  ['involvedObject', 'regarding'],
  ['related', 'related'],
  ['message', 'note'],
  ['type', 'type'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
]

/** The stored form of an events.k8s.io Event. Shares its parts with the argument. */
export function toCoreEvent(event: EventsV1Event): Event {
  const core: Record<string, unknown> = { apiVersion: 'v1', kind: 'Event' }
  for (const [to, from] of renamed) if (event[from] !== undefined) core[to] = event[from]
  return core as unknown as Event
}

/** The events.k8s.io form of a stored Event. */
export function fromCoreEvent(event: Event): EventsV1Event {
  const converted: Record<string, unknown> = { apiVersion: 'events.k8s.io/v1', kind: 'Event' }
  for (const [from, to] of renamed) if (event[from] !== undefined) converted[to] = event[from]
  return converted as unknown as EventsV1Event
}
