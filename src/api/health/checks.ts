import type { PathRoute } from '../pipeline/handle.ts'
import type { ApiResponse } from '../request.ts'
import { HealthMetrics } from './health-metrics.ts'

export interface Check {
  readonly name: string
  /** Only on this endpoint. */
  readonly only?: 'readyz'
  /** Not on this one. */
  readonly except?: 'livez'
  /** Throws, or resolves to nothing, when all is well. */
  readonly run: () => void | Promise<void>
}

const endpoints = ['healthz', 'livez', 'readyz'] as const
type Endpoint = (typeof endpoints)[number]
const isEndpoint = (name: string): name is Endpoint => (endpoints as readonly string[]).includes(name)

const checksAt = (all: readonly Check[], endpoint: Endpoint): Check[] =>
  all.filter(({ only, except }) => (only === undefined || only === endpoint) && except !== endpoint)

/** Every path that healthRoute answers. */
export const healthPaths = (all: readonly Check[]): string[] =>
  endpoints.flatMap((endpoint) => [`/${endpoint}`, ...checksAt(all, endpoint).map(({ name }) => `/${endpoint}/${name}`)])

/** /healthz, /livez and /readyz, and each check below them. */
export function healthRoute(all: readonly Check[], metrics = new HealthMetrics()): PathRoute {
  return async (request, info) => {
    const [, endpoint = '', name] = /^\/([a-z]+)(?:\/(.*))?$/.exec(info.path) ?? []
    if (!isEndpoint(endpoint)) return undefined
    const checks = checksAt(all, endpoint)
    if (name !== undefined) {
      const check = checks.find((c) => c.name === name)
      if (!check) return undefined
      const failure = await failureOf(check)
      return failure === undefined ? plainText('ok') : text(500, `internal server error: ${failure}\n`)
    }
    const excluded = new Set(request.query.getAll('exclude'))
    const results = await Promise.all(
      checks.map(async (check) => {
        if (excluded.has(check.name)) return { check, failure: undefined }
        const failure = await failureOf(check)
        metrics.observe(check.name, endpoint, failure === undefined)
        return { check, failure }
      }),
    )
    const lines = results.map(({ check, failure }) => {
      if (excluded.has(check.name)) return `[+]${check.name} excluded: ok`
      return failure === undefined ? `[+]${check.name} ok` : `[-]${check.name} failed: reason withheld`
    })
    const unknown = [...excluded].filter((name) => !checks.some((c) => c.name === name))
    if (unknown.length > 0) {
      const names = unknown.map((name) => JSON.stringify(name)).join(',')
      lines.push(`warn: some health checks cannot be excluded: no matches for ${names}`)
    }
    const failed = results.some(({ failure }) => failure !== undefined)
    if (failed) return text(500, `${lines.join('\n')}\n${endpoint} check failed\n`)
    return text(200, request.query.has('verbose') ? `${lines.join('\n')}\n${endpoint} check passed\n` : 'ok')
  }
}

async function failureOf(check: Check): Promise<string | undefined> {
  try {
    await check.run()
    return undefined
  } catch (e) {
    return e instanceof Error ? e.message : String(e)
  }
}

/** What nobody wrote a header for. */
const plainText = (body: string): ApiResponse => {
  const headers = { 'content-type': 'text/plain; charset=utf-8' }
  return { status: 200, headers, body: { bytes: Buffer.from(body) } }
}

function text(status: number, body: string): ApiResponse {
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' }
  return { status, headers, body: { bytes: Buffer.from(body) } }
}
