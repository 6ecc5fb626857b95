import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import Docker from 'dockerode'
import type { Pod } from '../../src/apimachinery/kinds.generated.ts'
import { namespaces, nodes, pods } from '../../src/apimachinery/resources.generated.ts'
import { isNotFound } from '../../src/apimachinery/status.ts'
import type { Client } from '../../src/client/client.ts'
import { createInformer, type Informer } from '../../src/client/informer.ts'
import { type NodeAgent, startNode } from '../../src/nodes/agent.ts'
import { makeImages } from '../../src/nodes/local-images/make.ts'
import { removeEverything } from '../../src/nodes/purge.ts'
import { stderrLog } from '../../src/operators/log.ts'
import { testApi } from '../api/test-api.ts'
import { dockerDaemon } from './docker.ts'

const run = promisify(execFile)

/** A certificate authority, and certificates of it, made by openssl. */
async function certificates(
  folder: string,
): Promise<{ ca: string; cert: string; key: string; clientCert: string; clientKey: string }> {
  const { readFile } = await import('node:fs/promises')
  const openssl = (...args: string[]) => run('openssl', args, { cwd: folder })
  await openssl(
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-keyout',
    'ca.key',
    '-out',
    'ca.crt',
    '-subj',
    '/CN=test-ca',
    '-days',
    '2',
  )
  const sign = async (name: string, subject: string) => {
    await openssl(
      'req',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
      '-subj',
      subject,
    )
    await openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      'ca.crt',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-out',
      `${name}.crt`,
      '-days',
      '2',
    )
  }
  await sign('server', '/CN=node')
  await sign('client', '/O=system:masters/CN=kube-apiserver-kubelet-client')
  const text = (file: string) => readFile(join(folder, file), 'utf8')
  return {
    ca: await text('ca.crt'),
    cert: await text('server.crt'),
    key: await text('server.key'),
    clientCert: await text('client.crt'),
    clientKey: await text('client.key'),
  }
}

export interface Harness {
  readonly client: Client
  readonly docker: Docker
  readonly node: NodeAgent
  readonly clusterId: string
  readonly dataDir: string
  readonly pki: Awaited<ReturnType<typeof certificates>>
  create(name: string, spec: object, metadata?: object): Promise<Pod>
  /** The pod as soon as `is` says yes of it (undefined: gone). Fails after `seconds`. */
  until(name: string, is: (pod: Pod | undefined) => boolean, seconds?: number): Promise<Pod>
  /** Stops the agent (as a crash would: containers stay) and starts another. */
  restartAgent(): Promise<void>
  end(): Promise<void>
}

/** An API in this process and one node on Docker: the daemon given, the machine's, or one of the tests' own. */
export async function startHarness(clusterId = `test-${process.pid}`, given?: Docker): Promise<Harness> {
  const daemon = given ? undefined : await dockerDaemon()
  const docker = given ?? new Docker({ socketPath: socketOf(daemon?.host) })
  await makeImages(docker)
  const dataDir = await mkdtemp(join(tmpdir(), 'slipway-nodes-'))
  const pki = await certificates(dataDir)
  const { client } = await testApi()
  await client.create(namespaces, { metadata: { name: 'kube-node-lease' } })
  const name = `node-${process.pid}`
  let stop = new AbortController()
  const start = async (): Promise<NodeAgent> => {
    stop = new AbortController()
    const agent = await startNode({
      client,
      name,
      addresses: ['127.0.0.1'],
      podNetwork: { name: 'slipway', subnet: '10.42.0.0/16', gateway: '10.42.0.1' },
      clusterDns: '10.43.0.10',
      clusterDomain: 'cluster.local',
      clusterId,
      dataDir,
      docker,
      tls: pki,
      kubeletPort: 0,
      clientCa: pki.ca,
      log: stderrLog('warn'),
      signal: stop.signal,
    })
    return agent
  }
  let node = await start()
  await assignCidr(client, name)
  await node.ready
  const watching = new AbortController()
  const informer = createInformer(client, pods)
  informer.start(watching.signal)
  await informer.synced()
  return {
    client,
    docker,
    get node() {
      return node
    },
    clusterId,
    dataDir,
    pki,
    create: (podName, spec, metadata = {}) =>
      client.create(pods, {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: podName, namespace: 'default', ...metadata },
        spec: { nodeName: name, terminationGracePeriodSeconds: 5, ...spec } as never,
      }),
    until: (podName, is, seconds = 20) => until(informer, podName, is, seconds),
    async restartAgent() {
      stop.abort()
      await node.closed
      node = await start()
      await node.ready
    },
    async end() {
      watching.abort()
      stop.abort()
      await node.closed
      await removeEverything({ docker, clusterId, dataDir })
      await rm(dataDir, { recursive: true, force: true })
      await daemon?.stop()
    },
  }
}

/** The path of a daemon's socket, from the value of DOCKER_HOST. */
export const socketOf = (host = 'unix:///var/run/docker.sock'): string => host.replace('unix://', '')

async function assignCidr(client: Client, name: string): Promise<void> {
  for (;;) {
    try {
      await client.patch(nodes, name, {
        type: 'merge',
        body: { spec: { podCIDR: '10.42.200.0/24', podCIDRs: ['10.42.200.0/24'] } },
      })
      return
    } catch (error) {
      if (!isNotFound(error)) throw error
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}

function until(informer: Informer<Pod>, name: string, is: (pod: Pod | undefined) => boolean, seconds: number): Promise<Pod> {
  return new Promise((resolve, reject) => {
    let last = informer.get(`default/${name}`)
    const timer = setTimeout(() => {
      stop()
      reject(new Error(`pod ${name} after ${seconds} s: ${JSON.stringify(last?.status ?? null, null, 1)}`))
    }, seconds * 1000)
    let isDone = false
    const check = () => {
      if (isDone || !is(last)) return
      isDone = true
      clearTimeout(timer)
      resolve(last as Pod)
      setImmediate(() => stop())
    }
    const stop = informer.onChange((now, before) => {
      if ((now ?? before)?.metadata.name !== name) return
      last = now
      check()
    })
    check()
  })
}
