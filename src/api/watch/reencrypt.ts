import type { EncryptedStore } from '../../store/encryption/encrypted-store.ts'
import { Conflict } from '../../store/store.ts'
import { noteOfServer } from '../history/note.ts'
import { restamped } from './serialize.ts'

/**
 * Writes again what an older key (or none) wrote, so that the older key can be taken out of the configuration. Resolves with how many values
 * that were. Goes on beside everything else; what somebody else writes meanwhile needs no rewriting.
 */
export async function reencrypt(store: EncryptedStore, signal: AbortSignal, now = Date.now): Promise<number> {
  let rewritten = 0
  for await (const values of store.stale()) {
    if (signal.aborted) return rewritten
    await Promise.all(
      values.map(async ({ key, value, revision }) => {
        try {
          await store.commit([{ key, value, expected: revision, stamp: restamped(value) }], noteOfServer('reencrypt', now()))
          rewritten++
        } catch (error) {
          if (!(error instanceof Conflict)) throw error
        }
      }),
    )
  }
  return rewritten
}
