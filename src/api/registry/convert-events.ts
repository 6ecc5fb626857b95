import { renamed } from './conversion.ts'
import type { Conversion } from './served.ts'

const fromCore = {
  involvedObject: 'regarding',
  message: 'note',
  source: 'deprecatedSource',
  firstTimestamp: 'deprecatedFirstTimestamp',
  lastTimestamp: 'deprecatedLastTimestamp',
  count: 'deprecatedCount',
  reportingComponent: 'reportingController',
}
const toCore = Object.fromEntries(Object.entries(fromCore).map(([core, events]) => [events, core]))

/** events.k8s.io/v1 Event ↔ v1 Event, as which it is stored. */
export const eventsV1: Conversion = {
  fromStorage: (event) => renamed(event, 'events.k8s.io/v1', fromCore),
  toStorage: (event) => renamed(event, 'v1', toCore),
}
