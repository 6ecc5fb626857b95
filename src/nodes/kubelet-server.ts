import type { IncomingMessage, ServerResponse } from 'node:http'
import https from 'node:https'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { jsonText } from '../apimachinery/json.ts'
import { type Address, type OpenPort, openPort } from '../apimachinery/open-port.ts'
import { dockerMessage } from './docker/engine.ts'
import type { ObservedContainer } from './docker/observed.ts'
import { certificateUser, mayUse } from './kubelet-access.ts'
import type { NodeContext } from './node-context.ts'
import type { PodSet } from './pod-set.ts'
import { containerStatus } from './pods/container-status.ts'
import { latest, type PodView, previous, runningSandbox } from './pods/view.ts'
import { Stats } from './stats.ts'
import { LogOptionError, openLog, parseLogOptions, writeLog } from './streams/logs.ts'
import { servePortForward } from './streams/port-forward.ts'
import { type CommandOptions, serveAttach, serveExec } from './streams/remote-command.ts'
import { openCommand, openPortForward, refuse } from './streams/upgrade.ts'

interface KubeletServerOptions extends Address {
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string }
  /** PEM. */
  readonly clientCa: string
}

/** An answer that is an error, as text. */
class HttpError extends Error {
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

const reasons: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  500: 'Internal Server Error',
}
const flag = (query: URLSearchParams, name: string): boolean => ['true', '1'].includes(query.get(name) ?? '')

function text(res: ServerResponse, code: number, body: string, type = 'text/plain; charset=utf-8'): void {
  res.writeHead(code, { 'content-type': type, 'content-length': Buffer.byteLength(body) })
  res.end(body)
}

/** The kubelet's HTTPS server. Only clients with a certificate of the cluster's CA get an answer, and only to what they may. */
export function startKubeletServer(context: NodeContext, podSet: PodSet, options: KubeletServerOptions): Promise<OpenPort> {
  const stats = new Stats(context, podSet)
  const server = https.createServer({
    cert: options.tls.cert,
    key: options.tls.key,
    ca: options.clientCa,
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
  })
  server.on('request', (req, res) => {
    answer(context, podSet, stats, req, res).catch((error) => {
      const code = error instanceof HttpError ? error.code : error instanceof LogOptionError ? 400 : 500
      if (code === 500) context.log.error('kubelet request failed', error, { path: req.url ?? '' })
      if (res.headersSent) res.destroy()
      else text(res, code, `${dockerMessage(error)}\n`)
    })
  })
  server.on('upgrade', (req, socket, head) => {
    socket.on('error', () => {})
    upgrade(context, podSet, req, socket, head).catch((error) => {
      const code = error instanceof HttpError ? error.code : 500
      refuse(socket, code, reasons[code] ?? '', dockerMessage(error))
    })
  })
  server.on('tlsClientError', () => {})
  return openPort(server, options, () => server.closeAllConnections())
}

async function authorize(context: NodeContext, req: IncomingMessage, path: string): Promise<void> {
  const user = certificateUser(req.socket as TLSSocket)
  if (!user) throw new HttpError(401, 'Unauthorized')
  if (!(await mayUse(context.client, context.nodeName, user, { method: req.method ?? 'GET', path })))
    throw new HttpError(403, `Forbidden (user=${user.name}, verb=${req.method}, resource=nodes)`)
}

const urlOf = (req: IncomingMessage): URL => new URL(req.url ?? '/', 'https://kubelet')
const partsOf = (url: URL): string[] =>
  url.pathname
    .split('/')
    .filter((p) => p !== '')
    .map(decodeURIComponent)

async function answer(
  context: NodeContext,
  podSet: PodSet,
  stats: Stats,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const url = urlOf(req)
  await authorize(context, req, url.pathname)
  const [first = '', ...rest] = partsOf(url)
  switch (first) {
    case 'healthz':
      return text(res, 200, 'ok')
    case 'pods': {
      const items = podSet
        .workers()
        .map((w) => w.pod)
        .filter((p) => p.spec)
      return text(res, 200, jsonText({ kind: 'PodList', apiVersion: 'v1', metadata: {}, items }), 'application/json')
    }
    case 'stats':
      return text(res, 200, JSON.stringify(await stats.summary()), 'application/json')
    case 'metrics':
      return text(res, 200, await stats.resourceMetrics(), 'text/plain; version=0.0.4; charset=utf-8')
    case 'containerLogs':
      return logs(context, podSet, rest, url.searchParams, res)
    case 'exec':
    case 'attach':
    case 'portForward':
      throw new HttpError(400, 'Upgrade request required')
    default:
      throw new HttpError(404, `404 page not found: ${url.pathname}`)
  }
}

function viewOf(podSet: PodSet, namespace = '', name = ''): PodView {
  const worker = podSet.find(namespace, name)
  if (!worker) throw new HttpError(404, `pod "${name}_${namespace}" not found`)
  return worker.view()
}

function specOf(view: PodView, name: string) {
  const spec = view.pod.spec
  const all = [...(spec?.containers ?? []), ...(spec?.initContainers ?? []), ...(spec?.ephemeralContainers ?? [])]
  const found = all.find((c) => c.name === name)
  if (!found)
    throw new HttpError(404, `container ${name} not found in pod ${view.pod.metadata.name}_${view.pod.metadata.namespace}`)
  return found
}

/** The container whose log is meant, or why there is none in kubelet's words. */
function loggedContainer(view: PodView, name: string, wantsPrevious: boolean): ObservedContainer {
  const spec = specOf(view, name)
  const last = latest(view, name)
  if (wantsPrevious) {
    const waits = last?.state === 'exited' && containerStatus(view, spec, undefined, Date.now()).state?.waiting
    const before = waits ? last : previous(view, name)
    if (!before) throw new HttpError(400, `previous terminated container "${name}" in pod "${view.pod.metadata.name}" not found`)
    return before
  }
  if (last && last.state !== 'created') return last
  const reason = containerStatus(view, spec, undefined, Date.now()).state?.waiting?.reason ?? 'ContainerCreating'
  const why = /Pull|Image/.test(reason) ? `trying and failing to pull image` : reason
  throw new HttpError(400, `container "${name}" in pod "${view.pod.metadata.name}" is waiting to start: ${why}`)
}

async function logs(
  context: NodeContext,
  podSet: PodSet,
  path: readonly string[],
  query: URLSearchParams,
  res: ServerResponse,
): Promise<void> {
  const [namespace, podName, name = ''] = path
  const container = loggedContainer(viewOf(podSet, namespace, podName), name, flag(query, 'previous'))
  const options = parseLogOptions(query, context.clock.now())
  const gone = new AbortController()
  res.on('close', () => gone.abort())
  const log = await openLog(context.engine.docker, container.id, options, gone.signal)
  res.writeHead(200, { 'content-type': 'text/plain' })
  res.flushHeaders()
  try {
    await writeLog(log, res, options.limitBytes)
  } catch (error) {
    if (!gone.signal.aborted) throw error
  }
  res.end()
  gone.abort()
}

/** kubectl's names of the streams, and the kubelet's own. */
function commandOptions(query: URLSearchParams): CommandOptions {
  const any = (...names: string[]) => names.some((n) => flag(query, n))
  return {
    command: query.getAll('command'),
    stdin: any('stdin', 'input'),
    stdout: any('stdout', 'output'),
    stderr: any('stderr', 'error'),
    tty: any('tty'),
  }
}

function runningContainer(view: PodView, name: string): ObservedContainer {
  specOf(view, name)
  const container = latest(view, name)
  if (container?.state !== 'running') throw new HttpError(404, `container not found ("${name}"): it is not running`)
  return container
}

async function upgrade(context: NodeContext, podSet: PodSet, req: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
  const url = urlOf(req)
  await authorize(context, req, url.pathname)
  const [first = '', namespace, podName, ...rest] = partsOf(url)
  const view = viewOf(podSet, namespace, podName)
  if (first === 'portForward') {
    const sandbox = runningSandbox(view)
    if (!sandbox) throw new HttpError(404, `pod ${podName} is not running`)
    const stream = await openPortForward(req, socket, head)
    const target = { ip: sandbox.ip ?? '127.0.0.1', sandboxPid: sandbox.pid }
    if (stream) await servePortForward(stream, target, `${podName}_${namespace}`)
    return
  }
  if (first !== 'exec' && first !== 'attach') throw new HttpError(404, `404 page not found: ${url.pathname}`)
  // Both /exec/ns/pod/container and /exec/ns/pod/uid/container exist.
  const name = rest.at(-1) ?? ''
  const container = runningContainer(view, name)
  const asked = commandOptions(url.searchParams)
  if (first === 'exec' && asked.command.length === 0) throw new HttpError(400, 'you must specify at least 1 command')
  if (!asked.stdin && !asked.stdout && !asked.stderr)
    throw new HttpError(400, 'you must specify at least 1 of stdin, stdout, stderr')
  const options = first === 'attach' ? { ...asked, tty: specOf(view, name).tty ?? false } : asked
  const streams = await openCommand(req, socket, head, options)
  if (!streams) return
  if (first === 'exec') await serveExec(context.engine.docker, container.id, options, streams)
  else await serveAttach(context.engine.docker, container.id, options, streams)
}
