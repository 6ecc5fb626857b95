import type { Revision } from '../store.ts'
import { compactedKey, counterBytes, revisionKey } from './counters.ts'
import type { Engine } from './engine.ts'
import { encodePosition, encodeRecord } from './record.ts'

export interface RestoredValue {
  readonly key: string
  readonly value: Buffer
  readonly revision: Revision
  readonly created: Revision
}

/**
 * Fills an empty engine with values as they were, each at the revision it had. The next commit comes after `revision`, and nothing before it
 * can be watched or read: no revision that was ever given out may come again with another meaning.
 */
export async function restoreInto(
  engine: Engine,
  batches: AsyncIterable<readonly RestoredValue[]>,
  revision: Revision,
): Promise<void> {
  /** How many changes of one commit are there already. */
  const indexes = new Map<Revision, number>()
  for await (const batch of batches) {
    await engine.write(() => {
      for (const { key, value, revision: at, created } of batch) {
        const index = indexes.get(at) ?? 0
        indexes.set(at, index + 1)
        const position = encodePosition({ revision: at, index })
        engine.log.put(position, encodeRecord({ key, value, created, previous: undefined, note: undefined }))
        engine.live.put(Buffer.from(key), position)
      }
    })
  }
  await engine.write(() => {
    engine.meta.put(revisionKey, counterBytes(revision))
    engine.meta.put(compactedKey, counterBytes(revision))
  })
}
