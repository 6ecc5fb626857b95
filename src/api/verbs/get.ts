import { notFound } from '../../apimachinery/status.ts'
import { asStatus, revisionAsked } from '../history/at.ts'
import type { Answer, Call } from '../pipeline/call.ts'
import { keyIn } from '../registry/served.ts'
import { Stored } from '../watch/stored.ts'
import { storageOf } from './create.ts'
import { parseExactRevision } from './list-options.ts'
import { mayShow } from './revision-to-come.ts'
import { liveObject } from './update-object.ts'

/** GET of one object, as it is or, with `?at=`, as it was. */
export function get(call: Call): Answer | Promise<Answer> {
  if (call.request.query.has('at')) return getAt(call)
  const sent = call.request.query.get('resourceVersion') ?? ''
  const waiting = mayShow(call, parseExactRevision(sent), sent, { uncached: 0 })
  const found = (): Answer => ({ kind: 'stored', status: 200, stored: liveObject(call, call.info.name) })
  return waiting ? waiting.then(found) : found()
}

async function getAt(call: Call): Promise<Answer> {
  const { core, resource, info, request } = call
  const storage = storageOf(resource)
  const key = keyIn(storage, info.namespace, info.name)
  try {
    const found = await core.store.get(key, await revisionAsked(core.store, request.query, core.clock.now()))
    if (!found) throw notFound(resource, info.name)
    return { kind: 'stored', status: 200, stored: new Stored(key, found.value, found.revision) }
  } catch (error) {
    throw asStatus(error, core.store)
  }
}
