import { badRequest, StatusError } from '../../apimachinery/status.ts'
import { Compacted, type Revision, type Store } from '../../store/store.ts'
import { readNote } from './note.ts'

/** The revision that `?at=` asks for: a number, or a time (RFC 3339, or `5m` for five minutes ago); undefined without it. */
export async function revisionAsked(store: Store, query: URLSearchParams, nowMs: number): Promise<Revision | undefined> {
  const at = query.get('at')
  if (at === null) return undefined
  if (/^\d+$/.test(at)) return checked(store, Number(at))
  const ago = /^(\d+)(s|m|h|d)$/.exec(at)
  const unit = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }[ago?.[2] ?? ''] ?? 0
  const timeMs = ago ? nowMs - Number(ago[1]) * unit : Date.parse(at)
  if (Number.isNaN(timeMs))
    throw badRequest(
      `at: must be a revision, a time such as 2026-11-29T10:00:00Z, or how long ago, such as 5m; not ${JSON.stringify(at)}`,
    )
  return revisionAt(store, timeMs)
}

function checked(store: Store, revision: Revision): Revision {
  if (revision > store.revision) throw badRequest(`at: revision ${revision} is not written yet: the newest is ${store.revision}`)
  if (revision < Math.max(store.compacted, 1)) throw notKept(`revision ${revision}`, store)
  return revision
}

/** The newest revision that was written at `timeMs` or before: the notes of commits say when they were made. */
async function revisionAt(store: Store, timeMs: number): Promise<Revision> {
  let low = Math.max(store.compacted, 1)
  let high = store.revision
  if ((await timeOf(store, low)) > timeMs) throw notKept(new Date(timeMs).toISOString(), store)
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if ((await timeOf(store, middle)) <= timeMs) low = middle
    else high = middle - 1
  }
  return low
}

/** When the newest commit up to `revision` was made; 0 when it has no note, or is no longer kept. */
async function timeOf(store: Store, revision: Revision): Promise<number> {
  return readNote(await store.noteAt(revision))?.timeMs ?? 0
}

function notKept(what: string, { compacted }: Store): StatusError {
  return new StatusError(410, 'Expired', `${what} is no longer kept: the oldest revision that is, is ${Math.max(compacted, 1)}`)
}

/** The store's own refusal, said as the API says it. */
export function asStatus(error: unknown, store: Store): unknown {
  return error instanceof Compacted ? notKept(`revision ${error.asked}`, store) : error
}
