import type { IncomingMessage, ServerResponse } from 'node:http'
import type { GitUser } from '../git/git-server.ts'
import type { Processes } from './processes.ts'

interface LogRouteOptions {
  readonly processes: Processes
  readonly authenticate: (request: IncomingMessage) => Promise<GitUser | undefined>
  /** Whether somebody may read the log of an Operator. */
  readonly authorize: (user: GitUser, namespace: string, name: string) => Promise<boolean>
}

/** Where the logs of operators in the server are: `/operators/NAMESPACE/NAME/log?follow=true&tailLines=20`. */
export const logPath = (namespace: string, name: string): string =>
  `/operators/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}/log`

/** Serves the logs of operators' processes. */
export function logRoute({ processes, authenticate, authorize }: LogRouteOptions) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const end = (status: number, text: string): void => {
      response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' })
      response.end(`${text}\n`)
    }
    const url = new URL(request.url ?? '/', 'https://localhost')
    const [, , namespace = '', name = '', what] = url.pathname.split('/').map(decodeURIComponent)
    if (what !== 'log' || request.method !== 'GET') return end(404, 'not found')
    const user = await authenticate(request)
    if (!user) return end(401, 'who are you? send a certificate or a token')
    if (!(await authorize(user, namespace, name)))
      return end(403, `${user.name} may not get operators/log of slipway.dev in ${namespace}`)
    if (!processes.hasLog(`${namespace}/${name}`))
      return end(404, `no operator ${name} of ${namespace} was started by this server`)
    const log = processes.logOf(`${namespace}/${name}`)
    const count = Number(url.searchParams.get('tailLines') ?? Number.NaN)
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' })
    for (const line of Number.isInteger(count) && count >= 0 ? log.last(count) : log.last()) response.write(`${line}\n`)
    if (url.searchParams.get('follow') !== 'true') {
      response.end()
      return
    }
    const forget = log.onLine((line) => void response.write(`${line}\n`))
    response.once('close', forget)
  }
}
