import { type Clock, timeText } from '../apimachinery/clock.ts'
import type { Event } from '../apimachinery/kinds.generated.ts'
import type { KubeObject, ObjectMeta } from '../apimachinery/object.ts'
import { apiVersionOf, type Resource } from '../apimachinery/resource.ts'
import { events } from '../apimachinery/resources.generated.ts'
import { isNotFound, StatusError } from '../apimachinery/status.ts'
import type { Client } from '../client/client.ts'
import { EventLimits, remember } from './event-limits.ts'
import type { Log } from './log.ts'

/** How much an event matters to who reads it. */
export type EventType = 'Normal' | 'Warning'

/** What happened to which object; `fieldPath` names a part of it, e.g. `spec.containers{web}`. */
interface Occurrence {
  readonly resource: Resource<never> | Resource
  readonly object: KubeObject
  readonly type: EventType
  /** CamelCase, for machines. */
  readonly reason: string
  readonly message: string
  readonly fieldPath?: string
  readonly action?: string
}

/** Writes Events, never fails and never waits: repeated ones are counted, similar ones combined, floods cut (client-go's rules). */
export interface EventRecorder {
  record(occurrence: Occurrence): void
  /** Resolves when everything recorded so far was sent or given up. */
  flushed(): Promise<void>
}

interface EventRecorderOptions {
  readonly clock: Clock
  /** Such as `deployment-controller`. */
  readonly component: string
  /** The node, for agents. */
  readonly host?: string
  readonly log: Log
}

interface Kept {
  name: string
  count: number
}

export function createEventRecorder(client: Client, options: EventRecorderOptions): EventRecorder {
  const { clock, log } = options
  const sent = new Map<string, Kept>()
  const limits = new EventLimits(clock)
  const pending = new Map<string, Promise<void>>()
  let sequence = 0

  const send = async (key: string, event: Event) => {
    const known = sent.get(key)
    const namespace = event.metadata.namespace
    try {
      if (known) {
        const body = { count: known.count + 1, lastTimestamp: event.lastTimestamp, message: event.message }
        await client.patch(events, known.name, { type: 'merge', body }, { namespace })
        known.count++
        return
      }
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
    await client.create(events, event, { namespace })
    remember(sent, key, { name: event.metadata.name ?? '', count: 1 })
  }

  return {
    record(occurrence) {
      const about = `${options.component}|${groupKind(occurrence)}|${identity(occurrence.object.metadata)}|${occurrence.fieldPath ?? ''}`
      const kind = `${about}|${occurrence.type}|${occurrence.reason}`
      const { message, isCombined } = limits.combined(kind, occurrence.message)
      if (limits.isFlood(about)) return
      const key = isCombined ? kind : `${kind}|${message}`
      const event = eventOf({ ...occurrence, message }, options, clock.now(), sequence++)
      const before = pending.get(key) ?? Promise.resolve()
      const sending = before
        .then(() => send(key, event))
        .catch((error) => {
          // A namespace that is going away takes no events.
          if (!(error instanceof StatusError && (error.code === 403 || error.code === 404)))
            log.error('event not written', error, { reason: event.reason, object: event.involvedObject.name })
        })
        .finally(() => pending.get(key) === sending && pending.delete(key))
      pending.set(key, sending)
    },
    async flushed() {
      while (pending.size > 0) await Promise.all(pending.values())
    },
  }
}

const identity = (m: ObjectMeta): string => `${m.namespace ?? ''}/${m.name ?? ''}/${m.uid ?? ''}`
const groupKind = (o: Occurrence): string => `${o.resource.group}/${o.resource.kind}`

/** The core/v1 Event, as `kubectl describe` shows it. */
function eventOf(o: Occurrence, source: Pick<EventRecorderOptions, 'component' | 'host'>, now: number, sequence = 0): Event {
  const { name = '', namespace, uid, resourceVersion } = o.object.metadata
  // client-go's names: the time in nanoseconds, in hexadecimal. Ours is told apart by the sequence.
  const stamp = (BigInt(Math.floor(now)) * 1_000_000n + BigInt(sequence % 1_000_000)).toString(16)
  return {
    metadata: { name: `${name.slice(0, 230)}.${stamp}`, namespace: namespace ?? 'default' },
    involvedObject: {
      apiVersion: apiVersionOf(o.resource),
      kind: o.resource.kind,
      name,
      ...(namespace ? { namespace } : {}),
      ...(uid ? { uid } : {}),
      ...(resourceVersion ? { resourceVersion } : {}),
      ...(o.fieldPath ? { fieldPath: o.fieldPath } : {}),
    },
    reason: o.reason,
    message: o.message.length > 1024 ? `${o.message.slice(0, 1021)}...` : o.message,
    source: { component: source.component, ...(source.host ? { host: source.host } : {}) },
    firstTimestamp: timeText(now),
    lastTimestamp: timeText(now),
    count: 1,
    type: o.type,
    reportingComponent: source.component,
    reportingInstance: source.host ?? '',
    ...(o.action ? { action: o.action } : {}),
  }
}
