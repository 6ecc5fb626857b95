import { rm } from 'node:fs/promises'
import type Docker from 'dockerode'
import { removeCgroups } from './docker/cgroups.ts'
import { label } from './docker/labels.ts'
import { unmountAll } from './volumes/mount-table.ts'

const isGone = (error: unknown): boolean => [404, 409].includes((error as { statusCode?: number }).statusCode ?? 0)

/** What was removed. */
interface Purged {
  readonly containers: number
  readonly networks: number
}

/**
 * Removes every container and network that Slipway made for the cluster, and below `dataDir` (a node's folder, or that of
 * all nodes) every mount and pod folder. A network that containers of another cluster use stays. Can be repeated.
 */
export async function removeEverything(options: {
  readonly docker: Docker
  readonly clusterId: string
  readonly dataDir?: string
}): Promise<Purged> {
  const { docker, clusterId, dataDir } = options
  const filters = { label: [`${label.cluster}=${clusterId}`] }
  const containers = await docker.listContainers({ all: true, filters })
  // Sandboxes last: what shares their namespaces ends before.
  const isSandbox = (c: Docker.ContainerInfo) => c.Labels[label.role] === 'sandbox'
  for (const group of [containers.filter((c) => !isSandbox(c)), containers.filter(isSandbox)])
    await Promise.all(group.map((c) => removeContainer(docker, c.Id)))
  await Promise.all([...new Set(containers.map((c) => c.Labels[label.podUid] ?? ''))].map(removeCgroups))
  const networks = await docker.listNetworks({ filters })
  let removed = 0
  for (const network of networks) if (await removeNetwork(docker, network.Id)) removed++
  if (dataDir) {
    await unmountAll(dataDir)
    await rm(`${dataDir}/pods`, { recursive: true, force: true })
    await rm(`${dataDir}/cache`, { recursive: true, force: true })
  }
  return { containers: containers.length, networks: removed }
}

async function removeContainer(docker: Docker, id: string): Promise<void> {
  try {
    await docker.getContainer(id).remove({ force: true, v: true })
  } catch (error) {
    if (!isGone(error)) throw error
  }
}

async function removeNetwork(docker: Docker, id: string): Promise<boolean> {
  try {
    await docker.getNetwork(id).remove()
    return true
  } catch (error) {
    // 403: it has active endpoints, which are not ours.
    if (isGone(error) || (error as { statusCode?: number }).statusCode === 403) return false
    throw error
  }
}
