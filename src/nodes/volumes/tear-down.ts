import { rm } from 'node:fs/promises'
import { unmountAll } from './mount-table.ts'

/**
 * Ends a pod's volumes: its tmpfs are unmounted, its folders removed. `all` removes the pod's folder altogether; else what the
 * status and logs of its ended containers need stays.
 */
export async function tearDown(podDir: string, all: boolean): Promise<void> {
  await unmountAll(podDir)
  await rm(all ? podDir : `${podDir}/volumes`, { recursive: true, force: true })
}
