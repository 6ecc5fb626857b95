import { timeText } from '../../apimachinery/clock.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import { badRequest, notFound } from '../../apimachinery/status.ts'
import type { StoreEvent } from '../../store/store.ts'
import type { Answer, Call } from '../pipeline/call.ts'
import { keyIn } from '../registry/served.ts'
import { storageOf } from '../verbs/create.ts'
import { viewAs } from '../verbs/view.ts'
import { Stored } from '../watch/stored.ts'
import { readNote } from './note.ts'

export interface HistoryItem {
  readonly revision: string
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly time?: string
  readonly user?: string
  readonly verb?: string
  readonly manager?: string
  /** As it was from this revision on; of DELETED, as it was last. */
  readonly object?: KubeObject
}

export interface ObjectHistory {
  readonly kind: 'ObjectHistory'
  readonly apiVersion: 'slipway.dev/v1'
  readonly metadata: { readonly resourceVersion: string }
  readonly items: readonly HistoryItem[]
}

const defaultLimit = 50
const maxLimit = 1000

/** GET of the kept changes of one object, present or deleted: the newest `limit`, oldest first. */
export async function objectHistory(call: Call): Promise<Answer> {
  const { core, resource, info, request } = call
  const storage = storageOf(resource)
  const limit = limitOf(request.query.get('limit'))
  const events = (await core.store.versions(keyIn(storage, info.namespace, info.name))).slice(-limit)
  if (events.length === 0) throw notFound(resource, info.name)
  const items = await Promise.all(events.map((event) => itemOf(call, event)))
  const metadata = { resourceVersion: String(core.caches.revision) }
  const object: ObjectHistory = { kind: 'ObjectHistory', apiVersion: 'slipway.dev/v1', metadata, items }
  const gvk = { group: 'slipway.dev', version: 'v1', kind: 'ObjectHistory' }
  return { kind: 'object', status: 200, object: object as unknown as KubeObject, gvk }
}

function limitOf(text: string | null): number {
  if (text === null) return defaultLimit
  const limit = Number(text)
  if (!Number.isInteger(limit) || limit < 1)
    throw badRequest(`limit: must be a number from 1 to ${maxLimit}, not ${JSON.stringify(text)}`)
  return Math.min(limit, maxLimit)
}

async function itemOf({ resource }: Call, event: StoreEvent): Promise<HistoryItem> {
  const note = readNote(event.note)
  const value = event.value ?? event.previous
  const revision = event.value ? event.revision : (event.previousRevision ?? 0)
  const stored = value && (await viewAs(resource, new Stored(event.key, value, revision)))
  return {
    revision: String(event.revision),
    type: event.type === 'delete' ? 'DELETED' : event.previousRevision === 0 ? 'ADDED' : 'MODIFIED',
    ...(note ? { time: timeText(note.timeMs), user: note.user, verb: note.verb, manager: note.manager } : {}),
    ...(stored ? { object: stored.object } : {}),
  }
}
