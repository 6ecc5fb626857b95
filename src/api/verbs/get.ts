import type { Answer, Call } from '../pipeline/call.ts'
import { parseExactRevision, tooLargeVersion } from './list-options.ts'
import { liveObject } from './update-object.ts'

/** GET of one object. */
export function get(call: Call): Answer {
  const version = parseExactRevision(call.request.query.get('resourceVersion') ?? '')
  if (version > call.core.caches.revision) throw tooLargeVersion(version, call.core.caches.revision)
  return { kind: 'stored', status: 200, stored: liveObject(call, call.info.name) }
}
