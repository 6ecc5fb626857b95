import { spawn } from 'node:child_process'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { flushPkt, ProtocolError, pktLine } from './pkt-line.ts'
import { advertise, type PushGate, receivePack } from './receive-pack.ts'
import { BadRepositoryName, type Repositories } from './repositories.ts'

export interface GitUser {
  readonly name: string
  readonly groups: readonly string[]
}

interface GitServerOptions {
  readonly repositories: Repositories
  /** Who asks; undefined: no or wrong credentials. */
  readonly authenticate: (request: IncomingMessage) => Promise<GitUser | undefined>
  readonly authorize: (user: GitUser, verb: 'get' | 'update' | 'delete', repository: string) => Promise<boolean>
  readonly gate: (user: GitUser) => PushGate
}

type Service = 'git-upload-pack' | 'git-receive-pack'

interface Route {
  readonly repository: string
  readonly service: Service | undefined
  readonly action: 'refs' | 'rpc' | 'remove' | 'create' | 'list'
}

/** `/git/<name>.git/info/refs?service=…`, `/git/<name>.git/git-upload-pack`, `PUT|DELETE /git/<name>.git`, `GET /git/`. */
function routeOf(method: string, url: URL): Route | undefined {
  const path = url.pathname.replace(/^\/git\//, '')
  if (path === '' && method === 'GET') return { repository: '', service: undefined, action: 'list' }
  const match = /^(.+?)(?:\.git)?(?:\/(info\/refs|git-upload-pack|git-receive-pack))?$/.exec(path)
  const repository = decodeURIComponent(match?.[1] ?? '')
  const tail = match?.[2]
  if (tail === 'info/refs' && method === 'GET') {
    const service = url.searchParams.get('service')
    return service === 'git-upload-pack' || service === 'git-receive-pack' ? { repository, service, action: 'refs' } : undefined
  }
  if ((tail === 'git-upload-pack' || tail === 'git-receive-pack') && method === 'POST')
    return { repository, service: tail, action: 'rpc' }
  if (!tail && method === 'DELETE') return { repository, service: undefined, action: 'remove' }
  if (!tail && method === 'PUT') return { repository, service: undefined, action: 'create' }
  return undefined
}

/** The Git server: smart HTTP for clone, fetch and push, mounted at /git/. */
export function gitServer(options: GitServerOptions): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async (request, response) => {
    try {
      await serve(options, request, response)
    } catch (error) {
      if (response.headersSent) response.destroy(error instanceof Error ? error : undefined)
      else if (error instanceof BadRepositoryName || error instanceof ProtocolError || error instanceof URIError)
        answer(response, 400, error.message)
      else throw error
    }
  }
}

async function serve(options: GitServerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const route = routeOf(request.method ?? 'GET', new URL(request.url ?? '/', 'https://localhost'))
  if (!route) return answer(response, 404, 'no such page; a repository is at /git/<name>.git')
  const user = await options.authenticate(request)
  if (!user) {
    response.setHeader('www-authenticate', 'Basic realm="slipway"')
    return answer(response, 401, 'log in with a token as the password, for example that of `slipway kubeconfig --git`')
  }
  const verb =
    route.action === 'remove' ? 'delete' : route.service === 'git-receive-pack' || route.action === 'create' ? 'update' : 'get'
  if (!(await options.authorize(user, verb, route.repository)))
    return answer(response, 403, `${user.name} may not ${verb} repository ${route.repository}`)
  if (route.action === 'list') return json(response, options.repositories.list())
  const exists = options.repositories.has(route.repository)
  if (!exists && verb !== 'update') return answer(response, 404, `there is no repository ${route.repository}; push to make it`)
  if (route.action === 'remove') {
    await options.repositories.remove(route.repository)
    return json(response, { removed: route.repository })
  }
  if (route.action === 'create') {
    await options.repositories.create(route.repository)
    return json(response, { created: route.repository })
  }
  if (route.service === 'git-upload-pack') return uploadPack(options, route, request, response)
  if (route.action === 'refs') {
    head(response, 200, 'application/x-git-receive-pack-advertisement')
    response.end(await advertise(options.repositories, route.repository))
    return
  }
  await push(options, route.repository, user, request, response)
}

async function push(
  options: GitServerOptions,
  repository: string,
  user: GitUser,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  await options.repositories.create(repository)
  head(response, 200, 'application/x-git-receive-pack-result')
  const gone = new AbortController()
  response.on('close', () => gone.abort())
  const context = { repositories: options.repositories, repository, gate: options.gate(user), signal: gone.signal }
  await receivePack(context, bodyOf(request), (bytes) => void response.write(bytes))
  response.end()
}

/** Fetch and clone: git's own upload-pack does the work. */
async function uploadPack(
  options: GitServerOptions,
  route: Route,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = options.repositories.pathOf(route.repository)
  const version = request.headers['git-protocol']
  const protocol = typeof version === 'string' && /^[\w=:.-]{1,100}$/.test(version) ? { GIT_PROTOCOL: version } : {}
  const env = {
    PATH: process.env.PATH,
    HOME: '/nonexistent',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    ...protocol,
  }
  const advertising = route.action === 'refs'
  const args = ['upload-pack', '--stateless-rpc', ...(advertising ? ['--advertise-refs'] : []), '.']
  const child = spawn('git', args, { cwd: path, env, stdio: ['pipe', 'pipe', 'ignore'] })
  child.on('error', () => response.destroy())
  response.on('close', () => child.kill())
  head(response, 200, `application/x-git-upload-pack-${advertising ? 'advertisement' : 'result'}`)
  child.stdin.on('error', () => {})
  if (advertising) {
    response.write(Buffer.concat([pktLine('# service=git-upload-pack\n'), flushPkt]))
    child.stdin.end()
  } else void pipeline(bodyOf(request), child.stdin).catch(() => child.kill())
  await pipeline(child.stdout, response).catch(() => child.kill())
}

function bodyOf(request: IncomingMessage): AsyncIterable<Buffer> {
  return request.headers['content-encoding'] === 'gzip' ? request.pipe(createGunzip()) : request
}

function head(response: ServerResponse, status: number, type: string): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-cache, max-age=0, must-revalidate' })
}

function answer(response: ServerResponse, status: number, text: string): void {
  head(response, status, 'text/plain; charset=utf-8')
  response.end(`${text}\n`)
}

function json(response: ServerResponse, body: unknown): void {
  head(response, 200, 'application/json')
  response.end(JSON.stringify(body))
}
