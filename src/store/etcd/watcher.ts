import type { Revision, StoreEvent, Watcher } from '../store.ts'
import type { EtcdApi } from './api.ts'
import { endOf } from './layout.ts'
import { storeEvent } from './store-event.ts'

/** One watch of its own: etcd sends as fast as it is read, so that a slow reader costs no memory here. */
export function watchPrefix(api: EtcdApi, data: string, prefix: string, since: Revision): Watcher {
  let isOpen = true
  let closeWatch = () => {}
  async function* batches(): AsyncGenerator<readonly StoreEvent[]> {
    const key = data + prefix
    const watch = await api.watch({ key, end: endOf(key), from: since + 1 })
    closeWatch = watch.close
    try {
      for await (const { events } of watch.answers) {
        if (!isOpen) return
        if (events.length > 0) yield events.map((e) => storeEvent(data, e))
      }
    } catch (error) {
      if (isOpen) throw error
    } finally {
      watch.close()
    }
  }
  return {
    [Symbol.asyncIterator]: batches,
    close: () => {
      isOpen = false
      closeWatch()
    },
  }
}
