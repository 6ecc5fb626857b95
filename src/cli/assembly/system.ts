import type Docker from 'dockerode'
import { writeKubeconfig } from '../../api/auth/kubeconfig.ts'
import type { Pki } from '../../api/auth/pki.ts'
import { keepClusterInfo } from '../../api/bootstrap/cluster-info.ts'
import type { UserInfo } from '../../api/request.ts'
import { systemClock } from '../../apimachinery/clock.ts'
import type { OpenPort } from '../../apimachinery/open-port.ts'
import type { Client } from '../../client/client.ts'
import { inProcessClient } from '../../client/in-process.ts'
import { startCompositions } from '../../compositions/start.ts'
import { startControllers } from '../../controllers/index.ts'
import { startNetwork } from '../../network/network.ts'
import type { ProxyMode } from '../../network/proxy/choose.ts'
import { type NodeAgent, startNode } from '../../nodes/agent.ts'
import type { Log } from '../../operators/log.ts'
import { startScheduler } from '../../scheduler/scheduler.ts'
import { helmChartRenderer } from '../../sync/render/chart.ts'
import { ChartCache } from '../../sync/render/chart-cache.ts'
import { type Sync, startSync } from '../../sync/sync.ts'
import { type AssembledApi, assembleApi } from './api/api.ts'
import type { ApiWishes } from './api/api-flags.ts'
import { gitUser, writeGitconfig } from './git-access.ts'
import type { DataDirectory } from './machine/data-directory.ts'

interface SystemOptions {
  readonly data: DataDirectory
  readonly port: number
  readonly nodes: readonly { readonly name: string; readonly address: string }[]
  /** May come later than the rest: pods wait for it. */
  readonly docker: Promise<Docker>
  /** What carries Services. */
  readonly proxy: ProxyMode
  readonly api: ApiWishes
  readonly log: Log
  readonly signal: AbortSignal
}

export interface System {
  /** https://127.0.0.1:6443 */
  readonly server: string
  /** What carries Services: `nftables`, `iptables (…)`, or why nothing does. */
  readonly proxy: string
  /** Acts as an administrator, in process. */
  readonly client: Client
  /** Resolves when every node is registered. */
  readonly ready: Promise<void>
  /** Resolves when all parts have ended after `signal`. */
  readonly closed: () => Promise<void>
}

const serviceCidr = '10.43.0.0/16'
const podNetwork = { name: 'slipway', subnet: '10.42.0.0/16', gateway: '10.42.0.1' }
const clusterDns = '10.43.0.10'
const dnsPort = 10_053
/** Of charts that stay parsed. */
const chartBytes = 8 * 1024 * 1024
const master: UserInfo = { name: 'system:slipway', groups: ['system:masters', 'system:authenticated'] }

type ClientFor = (user: UserInfo, userAgent: string) => Client

/** Starts every part in one process, each with a client of its own that speaks nothing but the API. */
export async function startSystem(options: SystemOptions): Promise<System> {
  const { data, signal, log, nodes } = options
  const addresses = nodes.map((n) => n.address)
  const ownAddress = addresses[0] ?? podNetwork.gateway
  const assembled = await assembleApi({
    data: data.path,
    store: { kind: 'lmdb' },
    serviceCidr,
    addresses: [...addresses, podNetwork.gateway],
    ...options.api.api,
  })
  const { api, pki } = assembled
  const clientFor: ClientFor = (user, userAgent) => inProcessClient(api.handle, user, { userAgent })
  const charts = new ChartCache(chartBytes)
  const sync = await startSync({
    client: clientFor(master, 'slipway-sync'),
    clientFor: (user) => clientFor(user, 'slipway-sync'),
    authenticate: (request) => gitUser(api.core.security, request),
    folder: data.file('git'),
    packagesFolder: data.file('operators'),
    chartRenderer: (app) => helmChartRenderer(app, (files) => charts.load(files)),
    endpoint: { server: `https://127.0.0.1:${options.port}`, ca: pki.caCert },
    clock: systemClock,
    log,
    signal,
  })
  const listening = await listen(options, assembled, sync)
  const server = `https://127.0.0.1:${listening.port}`
  await assembled.advertise(ownAddress, listening.port)
  await keepClusterInfo(api.handle, { server: `https://${ownAddress}:${listening.port}`, caCert: pki.caCert })
  await writeKubeconfig(data.kubeconfig, { server, caCert: pki.caCert, user: { client: pki.admin } })
  writeGitconfig(data, server, pki.admin, pki.caCert)
  const loops = await startLoops(options, assembled, clientFor)
  const agents = await startNodes(options, pki, clientFor)
  return {
    server,
    client: clientFor(master, 'slipway'),
    proxy: loops.proxy,
    ready: Promise.all(agents.map((a) => a.ready)).then(() => {}),
    async closed() {
      await Promise.all([...agents.map((a) => a.closed), ...loops.stopped, sync.stopped])
      await listening.close()
      await assembled.close()
    },
  }
}

/** One port for the API, Git and the logs of operators. */
const listen = ({ port, api: wishes }: SystemOptions, { api, pki }: AssembledApi, sync: Sync): Promise<OpenPort> =>
  api.listen({
    port,
    cert: pki.serving.cert,
    key: pki.serving.key,
    clientCa: pki.caCert,
    ...wishes.port,
    mounts: [
      { prefix: '/git/', handle: (req, res) => sync.handleGit(req, res) },
      { prefix: '/operators/', handle: (req, res) => sync.handleLogs(req, res) },
    ],
  })

/** What makes the cluster be as its objects say, but for the nodes: controllers, compositions, scheduler and network. */
async function startLoops(
  { nodes, proxy, log, signal }: SystemOptions,
  { pki, issuer }: AssembledApi,
  clientFor: ClientFor,
): Promise<{ readonly proxy: string; readonly stopped: readonly Promise<unknown>[] }> {
  const running = { clock: systemClock, log, signal }
  const controllers = startControllers({
    client: clientFor(master, 'kube-controller-manager'),
    caBundle: pki.caCert,
    authority: pki,
    issueToken: issuer.issueLegacy,
    clusterCidr: podNetwork.subnet,
    ...running,
  })
  const { informers } = controllers
  const compositions = await startCompositions({ client: clientFor(master, 'slipway-compositions'), ...running })
  const scheduler = startScheduler({
    client: clientFor({ name: 'system:kube-scheduler', groups: ['system:authenticated'] }, 'kube-scheduler'),
    informers,
    log,
    signal,
  })
  const addresses = nodes.map((n) => n.address)
  const network = await startNetwork({
    client: clientFor(master, 'kube-proxy'),
    nodeName: nodes[0]?.name ?? '',
    localNodes: nodes.slice(1).map((n) => n.name),
    informers,
    nodeAddresses: addresses,
    podCidr: podNetwork.subnet,
    serviceCidr,
    dns: { address: addresses[0] ?? '', port: dnsPort },
    proxy,
    log,
    signal,
  })
  return {
    proxy: network.proxy ?? `nothing: ${network.problem}`,
    stopped: [compositions.stopped, controllers.stopped, scheduler.stopped, network.stopped],
  }
}

/** One after another: the first makes the pod network that all share. */
async function startNodes(
  { nodes, data, docker, log, signal }: SystemOptions,
  pki: Pki,
  clientFor: ClientFor,
): Promise<NodeAgent[]> {
  const running = await docker
  const agents: NodeAgent[] = []
  for (const { name, address } of nodes) {
    const agent = await startNode({
      client: clientFor({ name: `system:node:${name}`, groups: ['system:nodes', 'system:authenticated'] }, 'kubelet'),
      name,
      addresses: [address],
      podNetwork,
      clusterDns,
      clusterDomain: 'cluster.local',
      clusterId: data.clusterId(),
      dataDir: data.file('nodes', name),
      docker: running,
      tls: { ca: pki.caCert, cert: pki.serving.cert, key: pki.serving.key },
      kubeletPort: 0,
      clientCa: pki.caCert,
      log,
      signal,
    })
    agents.push(agent)
  }
  return agents
}
