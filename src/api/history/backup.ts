import type { Store } from '../../store/store.ts'
import type { PathRoute } from '../pipeline/handle.ts'
import { textOf } from '../watch/stored.ts'

export const backupPath = '/slipway/v1/backup'
const pageSize = 500

/** The first line of a backup's snapshot. */
export interface SnapshotHead {
  readonly revision: number
}

/** One key of the store. The value is text: objects are JSON. */
export interface SnapshotItem {
  readonly key: string
  readonly revision: number
  readonly created: number
  readonly value: string
}

/** The last line: without it the snapshot is not whole. */
export interface SnapshotEnd {
  readonly items: number
}

/** GET /slipway/v1/backup: all that is stored, as of one revision, as lines of JSON. */
export function backupRoute(store: Store): PathRoute {
  return async (request, info) => {
    if (info.path !== backupPath || request.method !== 'GET') return undefined
    const revision = await store.current()
    const headers = { 'content-type': 'application/jsonl' }
    return { status: 200, headers, body: { stream: snapshot(store, revision) } }
  }
}

async function* snapshot(store: Store, revision: number): AsyncGenerator<Uint8Array> {
  const line = (value: SnapshotHead | SnapshotItem | SnapshotEnd): string => `${JSON.stringify(value)}\n`
  yield Buffer.from(line({ revision }))
  let items = 0
  for (let after: string | undefined; ; ) {
    const page = await store.range('/', { revision, limit: pageSize, counts: false, ...(after === undefined ? {} : { after }) })
    items += page.items.length
    yield Buffer.from(
      page.items.map((v) => line({ key: v.key, revision: v.revision, created: v.created, value: textOf(v.value) })).join(''),
    )
    if (page.remaining === 0) break
    after = page.items.at(-1)?.key
    await new Promise(setImmediate)
  }
  yield Buffer.from(line({ items }))
}
