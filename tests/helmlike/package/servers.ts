// Servers of charts on the loopback device: an OCI registry by the distribution specification, and files over HTTP.
import { createHash, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'

export interface Running {
  /** host:port */
  readonly host: string
  close(): Promise<void>
}

async function serve(listener: RequestListener, tls?: { cert: string; key: string }): Promise<Running> {
  const server = tls ? createTlsServer(tls, listener) : createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, close }
}

const isAllowed = (request: IncomingMessage, login: string | undefined) =>
  login === undefined || request.headers.authorization === `Basic ${Buffer.from(login).toString('base64')}`

/** Serves `files` (path -> content); `login` is user:password. */
export function fileServer(
  files: Map<string, Buffer | string>,
  options: { login?: string; tls?: { cert: string; key: string }; sees?: (authorization: string | undefined) => void } = {},
): Promise<Running> {
  return serve((request, response) => {
    options.sees?.(request.headers.authorization)
    if (!isAllowed(request, options.login)) return void response.writeHead(401).end('who are you')
    const found = files.get(request.url ?? '')
    if (found === undefined) return void response.writeHead(404).end()
    response.end(found)
  }, options.tls)
}

/** An OCI registry in memory; with `login` it wants a bearer token, which its own /token gives to that user. */
export async function registry(login?: string): Promise<Running> {
  const blobs = new Map<string, Buffer>()
  const manifests = new Map<string, { type: string; data: Buffer }>()
  const uploads = new Map<string, Buffer>()
  const tokens = new Set<string>()
  const digestOf = (data: Buffer) => `sha256:${createHash('sha256').update(data).digest('hex')}`

  const answer = (request: IncomingMessage, response: ServerResponse, body: Buffer) => {
    const url = new URL(request.url ?? '/', `http://${request.headers.host}`)
    if (url.pathname === '/token') {
      if (!isAllowed(request, login)) return response.writeHead(401).end()
      const token = randomUUID()
      tokens.add(token)
      return response.end(JSON.stringify({ token }))
    }
    if (login !== undefined && !tokens.has(request.headers.authorization?.replace(/^Bearer /, '') ?? '')) {
      const challenge = `Bearer realm="http://${request.headers.host}/token",service="test",scope="repository:x:pull,push"`
      return response.writeHead(401, { 'www-authenticate': challenge }).end()
    }
    if (url.pathname === '/v2/') return response.end('{}')
    const [, name, kind, reference = ''] = /^\/v2\/(.+?)\/(blobs|manifests|tags)\/(.*)$/.exec(url.pathname) ?? []
    if (kind === 'tags') {
      const tags = [...manifests.keys()]
        .filter((k) => k.startsWith(`${name}:`) && !k.includes('sha256'))
        .map((k) => k.slice(`${name}:`.length))
      return response.end(JSON.stringify({ name, tags: tags.sort() }))
    }
    if (kind === 'manifests' && request.method === 'PUT') {
      const manifest = { type: request.headers['content-type'] ?? '', data: body }
      for (const key of [reference, digestOf(body)]) manifests.set(`${name}:${key}`, manifest)
      return response.writeHead(201, { 'docker-content-digest': digestOf(body), location: url.pathname }).end()
    }
    if (kind === 'manifests') {
      const found = manifests.get(`${name}:${reference}`)
      if (!found) return response.writeHead(404).end('{"errors":[{"code":"MANIFEST_UNKNOWN"}]}')
      const headers = {
        'content-type': found.type,
        'docker-content-digest': digestOf(found.data),
        'content-length': found.data.length,
      }
      return response.writeHead(200, headers).end(request.method === 'HEAD' ? undefined : found.data)
    }
    if (kind === 'blobs' && reference.startsWith('uploads/')) return upload(request, response, url, reference.slice(8), body)
    const blob = blobs.get(reference)
    if (kind !== 'blobs' || !blob) return response.writeHead(404).end()
    const headers = { 'content-length': blob.length, 'docker-content-digest': reference }
    return response.writeHead(200, headers).end(request.method === 'HEAD' ? undefined : blob)
  }

  const upload = (request: IncomingMessage, response: ServerResponse, url: URL, id: string, body: Buffer) => {
    if (request.method === 'POST') {
      const next = randomUUID()
      uploads.set(next, Buffer.alloc(0))
      return response.writeHead(202, { location: `${url.pathname}${next}` }).end()
    }
    const data = Buffer.concat([uploads.get(id) ?? Buffer.alloc(0), body])
    uploads.set(id, data)
    if (request.method === 'PATCH')
      return response.writeHead(202, { location: url.pathname, range: `0-${data.length - 1}` }).end()
    const digest = url.searchParams.get('digest') ?? ''
    if (digest !== digestOf(data)) return response.writeHead(400).end('{"errors":[{"code":"DIGEST_INVALID"}]}')
    blobs.set(digest, data)
    return response.writeHead(201, { location: url.pathname, 'docker-content-digest': digest }).end()
  }

  return serve((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => answer(request, response, Buffer.concat(chunks)))
  })
}
