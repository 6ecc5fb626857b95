import { StatusError } from '../../apimachinery/status.ts'
import { type Accepted, isPretty, mediaTypeOf } from '../negotiation/accept.ts'
import { clausesOf } from '../negotiation/clauses.ts'
import { bytesOf } from '../pipeline/formats.ts'
import type { PathRoute } from '../pipeline/handle.ts'
import type { ApiRequest, ApiResponse } from '../request.ts'
import { kubernetesVersion } from './version.ts'

interface DebugPageSources {
  /** Values of the flags that the server was started with, by name. */
  readonly flags: Readonly<Record<string, string>>
  /** Every path that is served. */
  readonly paths: () => readonly string[]
  /** Milliseconds since 1970. */
  readonly startedAt: number
  readonly now: () => number
}

/** A page's content: as an object of config.k8s.io, and as text. */
interface Page {
  readonly kind: 'Flagz' | 'Statusz'
  readonly content: object
  readonly text: string
}

const component = 'apiserver'

/** /flagz and /statusz, by any method: text for people, objects for those who ask for their kind (k8s.io/apiserver/pkg/server/flagz, statusz). */
export function debugPagesRoute(sources: DebugPageSources): PathRoute {
  return (request, { path }) => {
    if (path === '/flagz') return answer(request, flagsPage(sources))
    return path === '/statusz' ? answer(request, statusPage(sources)) : undefined
  }
}

function flagsPage({ flags }: DebugPageSources): Page {
  const sorted = Object.entries(flags).sort(([a], [b]) => (a < b ? -1 : 1))
  const lines = sorted.map(([name, value]) => `${name}=${value}\n`)
  return { kind: 'Flagz', content: { flags: Object.fromEntries(sorted) }, text: lines.join('') }
}

/** Folders that are no pages for debugging. */
const others = new Set(['/apis', '/api', '/openid', '/openapi', '/.well-known'])

function statusPage({ paths, startedAt, now }: DebugPageSources): Page {
  const up = Math.max(0, Math.floor((now() - startedAt) / 1000))
  const folders = new Set(paths().map((path) => `/${path.split('/')[1] ?? ''}`))
  const pages = [...folders].filter((folder) => folder !== '/' && !others.has(folder)).sort()
  const { goVersion, major, minor, gitVersion } = kubernetesVersion
  const [binaryVersion, emulationVersion] = [gitVersion.slice(1), `${major}.${minor}`]
  const started = new Date(startedAt)
  const lines = [
    '',
    `Started= ${unixDate(started)}`,
    `Up= ${Math.floor(up / 3600)} hr ${twoDigits(Math.floor(up / 60) % 60)} min ${twoDigits(up % 60)} sec`,
    `Go version= ${goVersion}`,
    `Binary version= ${binaryVersion}`,
    `Emulation version= ${emulationVersion}`,
    `Paths= ${pages.join(' ')}`,
    '',
  ]
  const startTime = started.toISOString().replace(/\.\d+Z$/, 'Z')
  const content = { startTime, uptimeSeconds: up, goVersion, binaryVersion, emulationVersion, paths: pages }
  return { kind: 'Statusz', content, text: lines.join('\n') }
}

const twoDigits = (n: number): string => String(n).padStart(2, '0')

/** Go's time.UnixDate: `Sun Nov 29 22:14:52 UTC 2026`. */
function unixDate(date: Date): string {
  const [weekday = '', day = '', month, year, time] = date.toUTCString().split(' ')
  return `${weekday.slice(0, -1)} ${month} ${day.replace(/^0/, ' ')} ${time} UTC ${year}`
}

function answer(request: ApiRequest, page: Page): ApiResponse {
  const accept = request.headers.accept?.trim() ?? ''
  if (accept === '') return asText(page)
  for (const { type, subtype, params } of clausesOf(accept)) {
    if (params.has('sv') || params.has('stream')) continue
    const fits = (main: string, sub: string) =>
      (type === main && (subtype === sub || subtype === '*')) || (type === '*' && subtype === '*')
    const version = params.get('v') ?? ''
    const isNamed = ['as', 'v', 'g'].some((name) => params.has(name))
    const isKind = params.get('as') === page.kind && params.get('g') === 'config.k8s.io' && /^v1(?:alpha|beta)1$/.test(version)
    const format = (['json', 'yaml'] as const).find((name) => fits('application', name))
    if (format && isKind) return asObject(page, { format, as: '', version, pretty: isPretty(request.headers, request.query) })
    if (fits('text', 'plain') && !isNamed) return asText(page)
  }
  const types = 'application/json, application/yaml, text/plain'
  throw new StatusError(406, 'NotAcceptable', `only the following media types are accepted: ${types}`)
}

function asText({ kind, text }: Page): ApiResponse {
  const warning =
    'Warning: This endpoint is not meant to be machine parseable, has no formatting compatibility guarantees and is for debugging purposes only.'
  const bytes = Buffer.from(`\n${component} ${kind.toLowerCase()}\n${warning}\n${text}`)
  return { status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: { bytes } }
}

function asObject({ kind, content }: Page, accept: Accepted): ApiResponse {
  const { version, format } = accept
  const group = 'config.k8s.io'
  const object = { kind, apiVersion: `${group}/${version}`, metadata: { name: component }, ...content }
  const old = `299 - "This version of the ${kind.toLowerCase()} endpoint is deprecated. Please use a newer version."`
  const headers = {
    'content-type': `${mediaTypeOf(format)};g=${group};v=${version};as=${kind}`,
    ...(version === 'v1alpha1' ? { warning: old } : {}),
  }
  return { status: 200, headers, body: { bytes: bytesOf(object, accept, { group, version, kind }) } }
}
