import type { KubeObject } from '../../apimachinery/object.ts'
import type { Change } from '../../store/store.ts'
import { noteOf } from '../history/note.ts'
import type { Call } from '../pipeline/call.ts'
import { overdue } from '../pipeline/deadline.ts'
import { restamp, serializer } from '../watch/serialize.ts'
import { Stored } from '../watch/stored.ts'

/** Takes the object out of the store, if it is still `live`; gives its last state. `last` is that state when a write removed it. */
export async function removeStored(
  call: Call,
  live: Stored,
  dryRun: boolean,
  last?: KubeObject,
  others: readonly Change[] = [],
): Promise<Stored> {
  const { core } = call
  const bytesAt = (revision: number) => (last ? serializer(last, call.resource)(revision) : restamp(live.bytes, revision))
  if (dryRun) return new Stored(live.key, bytesAt(live.revision), live.revision)
  if (call.deadline?.isOver) throw overdue()
  const commit = core.store.commit([{ key: live.key, value: undefined, expected: live.revision }, ...others], noteOf(call))
  const began = performance.now()
  const revision = await core.storage.time('delete', live.key, commit)
  call.latencies.add('etcd', performance.now() - began)
  return new Stored(live.key, bytesAt(revision), revision)
}
