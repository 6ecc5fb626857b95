import { internalError } from '../../apimachinery/status.ts'
import { type Change, Conflict } from '../../store/store.ts'
import type { HookedWrite } from '../pipeline/call.ts'
import type { Storage } from '../registry/served.ts'

const maxTries = 16

/**
 * Runs `commit` with the changes that the kind's hook claims for the write. When another server took what was claimed in the meantime,
 * claims anew.
 */
export async function claimed<T>(
  storage: Storage,
  write: HookedWrite,
  commit: (others: readonly Change[]) => Promise<T>,
): Promise<T> {
  const { core } = write.call
  const hook = core.hooks.get(`${storage.group}/${storage.resource}`)?.claim
  if (!hook) return commit([])
  for (let attempt = 1; ; attempt++) {
    const claim = await hook(write)
    const changes = claim?.changes ?? []
    let done = false
    try {
      const result = await commit(changes)
      done = !write.dryRun
      return result
    } catch (error) {
      const isLost = error instanceof Conflict && changes.some((c) => c.key === error.key)
      if (!isLost) throw error
      if (attempt >= maxTries)
        throw internalError(`${storage.resource}: what the object needs was taken by others ${maxTries} times: try again`)
      await core.store.current()
    } finally {
      claim?.settle(done)
    }
  }
}
