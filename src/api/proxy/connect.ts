import type { EndpointSlice, Pod } from '../../apimachinery/kinds.generated.ts'
import { endpointslices, nodes, pods, services } from '../../apimachinery/resources.generated.ts'
import { badRequest, notFound } from '../../apimachinery/status.ts'
import type { Answer, Call } from '../pipeline/call.ts'
import type { ApiRequest } from '../request.ts'
import { checkStoredName } from '../verbs/update-object.ts'
import { admissionRequest, admitMutating, admitValidating } from '../verbs/write.ts'
import { isAllowedAddress, nodeAddress } from './allowed-address.ts'
import { type Connection, forward, forwardUpgrade } from './forward.ts'
import { checkLogOptions } from './log-options.ts'
import { connectOptions } from './options.ts'
import { throughProxy } from './rewrite.ts'
import {
  kubeletOf,
  kubeletPath,
  nodeNameOf,
  type ProxyName,
  parseProxyName,
  podPort,
  type Stream,
  serviceEndpoint,
  type Target,
} from './targets.ts'

/** GET pods/NAME/log: the kubelet's stream; nothing (204) from a pod that has no node yet. */
export async function logs(call: Call): Promise<Answer> {
  checkLogOptions(call.info.name, call.request.query)
  const pod = podOf(call, call.info.name)
  if (!pod.spec?.nodeName) {
    kubeletPath('log', pod, call.request.query) // refuses what is wrong with the query all the same
    return { kind: 'response', response: { status: 204, headers: {}, body: { bytes: new Uint8Array() } } }
  }
  const target = podTarget(call, 'log')
  const response = await forward(target, { ...call.request, headers: {} }, toKubelet(call))
  if (response.status === 200) return { kind: 'response', response: { ...response, headers: { 'content-type': 'text/plain' } } }
  throw badRequest((await textOf(response.body)).trim() || `the kubelet answered ${response.status}`)
}

/** exec, attach and portforward: the client must change protocol, and talks to the kubelet from then on. */
export const stream =
  (kind: Exclude<Stream, 'log'>) =>
  async (call: Call): Promise<Answer> => {
    refuseDryRun(call)
    // What is not there is told afterwards.
    await admitConnect(call, kind)
    const target = podTarget(call, kind)
    const { upgrade } = call.request
    if (!upgrade) throw badRequest('Upgrade request required')
    return {
      kind: 'response',
      response: await forwardUpgrade(target, call.request, upgrade, toKubelet(call)),
    }
  }

/** The proxy subresource of pods, services and nodes, every method. */
export async function proxy(call: Call): Promise<Answer> {
  refuseDryRun(call)
  await admitConnect(call, 'proxy')
  const { target, connection } = await proxyTarget(call)
  const { request } = call
  const { upgrade } = request
  const reads = request.method === 'GET' || request.method === 'HEAD'
  if (!upgrade && reads && target.path.replace(/\?.*/s, '') === '/' && !request.path.endsWith('/')) return toFolder(request)
  const response = upgrade
    ? await forwardUpgrade(target, call.request, upgrade, connection)
    : await throughProxy(await forward(target, call.request, connection), {
        prefix: request.path.slice(0, request.path.length - restOf(request.path).length).replace(/\/$/, ''),
        target,
        requestHost: request.headers.host ?? request.headers[':authority'] ?? '',
      })
  return { kind: 'response', response }
}

/** Throws 400. */
function refuseDryRun({ request }: Call): void {
  if (request.query.has('dryRun')) throw badRequest('dryRun is not supported')
}

/** Relative links of a page at `…/proxy` would lead past it: the page is at `…/proxy/`. */
function toFolder({ path, query }: ApiRequest): Answer {
  const text = query.toString()
  const headers = { location: `${path}/${text === '' ? '' : `?${text}`}` }
  return { kind: 'response', response: { status: 301, headers, body: { bytes: new Uint8Array() } } }
}

/** A kubelet is shown the API server's certificate, and its own is checked. */
const toKubelet = ({ core }: Call): Connection => ({ tls: { ...core.kubelet } })

function podOf(call: Call, name: string): Pod {
  checkStoredName(name)
  const pod = call.core.objects.get(pods, call.info.namespace, name)
  if (!pod) throw notFound(pods, name)
  return pod
}

function kubeletTarget(call: Call, nodeName: string, path: string): Target {
  const node = call.core.objects.get(nodes, undefined, nodeName)
  if (!node) throw notFound(nodes, nodeName)
  return { scheme: 'https', ...kubeletOf(node), path }
}

function podTarget(call: Call, kind: Stream): Target {
  const pod = podOf(call, call.info.name)
  const path = kubeletPath(kind, pod, call.request.query)
  return kubeletTarget(call, nodeNameOf(pod), path)
}

interface Route {
  readonly target: Target
  /** As kube-apiserver does: pods' and services' certificates are not checked, kubelets' are. */
  readonly connection: Connection
}

async function proxyTarget(call: Call): Promise<Route> {
  const { info, request, core, resource } = call
  const { scheme, name, port } = parseProxyName(info.name)
  const query = request.query.toString()
  const path = `/${restOf(request.path)}${query === '' ? '' : `?${query}`}`
  if (resource.resource === 'nodes') return nodeTarget(call, { scheme, name, port }, path)
  if (resource.resource === 'pods') {
    const pod = podOf(call, name)
    const host = pod.status?.podIP
    if (!host || !isAllowedAddress(host)) throw badRequest('address not allowed')
    return { target: { scheme, host, port: podPort(pod, port), path }, connection: {} }
  }
  const service = core.objects.get(services, info.namespace, name)
  if (!service) throw notFound(services, name)
  const own = (slice: EndpointSlice) => slice.metadata.labels?.['kubernetes.io/service-name'] === name
  const slices = core.objects.list(endpointslices, info.namespace).filter(own)
  return { target: { scheme, ...serviceEndpoint(service, slices, port, Math.random()), path }, connection: {} }
}

/** The node's kubelet, or another port of the node: that gets none of the kubelet's credentials. */
async function nodeTarget(call: Call, { scheme, name, port }: ProxyName, path: string): Promise<Route> {
  const kubelet = kubeletTarget(call, name, path)
  const host = await nodeAddress(kubelet.host)
  if (port !== '' && port !== String(kubelet.port)) {
    if (!/^\d+$/.test(port)) throw badRequest(`invalid node request ${JSON.stringify(call.info.name)}`)
    return { target: { scheme, host, port: Number(port), path }, connection: {} }
  }
  const servername = host === kubelet.host ? {} : { servername: kubelet.host }
  return { target: { ...kubelet, host }, connection: { tls: { ...toKubelet(call).tls, ...servername } } }
}

/** What follows `…/proxy/`, as it was escaped. */
function restOf(path: string): string {
  return /^(?:.*?)\/proxy(?:\/(.*))?$/.exec(path)?.[1] ?? ''
}

async function admitConnect(call: Call, subresource: string): Promise<void> {
  const { query, path } = call.request
  const shown = connectOptions(call.resource.resource, subresource, query, `/${restOf(path)}`)
  const options = { raw: null, dryRun: false }
  const request = admissionRequest(call, {
    operation: 'CONNECT',
    subresource,
    name: call.info.name,
    object: shown,
    old: undefined,
    options,
    ...(shown.kind ? { gvk: { group: '', version: 'v1', kind: shown.kind } } : {}),
  })
  await admitMutating(call, request)
  await admitValidating(call, request)
}

async function textOf(body: object): Promise<string> {
  if (!('stream' in body)) return ''
  const chunks: Uint8Array[] = []
  for await (const chunk of body.stream as AsyncIterable<Uint8Array>) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
