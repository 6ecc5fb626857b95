import { removeNetwork } from '../../../network/network.ts'
import { connectDocker } from '../../../nodes/docker-daemon.ts'
import { removeEverything } from '../../../nodes/purge.ts'
import { unmountAll } from '../../../nodes/volumes/mount-table.ts'
import type { DataDirectory } from './data-directory.ts'
import { removeNodeAddresses } from './node-addresses.ts'

/** Removes everything that the Slipway of a data directory made. Returns what it removed, a line each. */
export async function purge(data: DataDirectory): Promise<string[]> {
  const removed: string[] = []
  const daemon = await connectDocker({ dataDir: data.file('docker'), onlyRunning: true }).catch(() => undefined)
  if (daemon) {
    const { containers, networks } = await removeEverything({ docker: daemon.docker, clusterId: data.clusterId() })
    removed.push(`${containers} containers`, `${networks} networks`)
    await daemon.stop()
  }
  await unmountAll(data.path)
  await removeNetwork('10.42.0.0/16')
  removed.push('the rules of Services')
  removed.push(...(await removeNodeAddresses()).map((a) => `address ${a}`))
  data.remove()
  removed.push(data.path)
  return removed
}
