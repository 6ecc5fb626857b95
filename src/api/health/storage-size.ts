import { statSync } from 'node:fs'
import { header, labelValue, sample } from './exposition.ts'
import type { MetricLines } from './metrics.ts'

/** How large the store's file is, under kube-apiserver's name for etcd's. `id` tells it from other stores. */
export const storageSize = (id: string, file: string): MetricLines => ({
  lines() {
    const { size } = statSync(file, { throwIfNoEntry: false }) ?? { size: 0 }
    const name = 'apiserver_storage_size_bytes'
    const help = 'Size of the storage database file physically allocated in bytes.'
    return [...header(name, 'gauge', help), sample(name, `storage_cluster_id="${labelValue(id)}"`, size)]
  },
})
