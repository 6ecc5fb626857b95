// Charts in OCI registries: push and pull by the distribution API.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type Chart, ChartError } from '../chart/chart.ts'
import { metadataToJson } from '../chart/metadata.ts'
import { compareVersions, parseConstraints, parseVersion, satisfies, VersionError } from '../functions/version.ts'
import { fromPlain, toJson } from '../yaml/json.ts'
import { type Access, basic, MAX_DOWNLOAD, readBody, request } from './http.ts'
import { registryConfigPath } from './repositories.ts'

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
const CONFIG = 'application/vnd.cncf.helm.config.v1+json'
const CHART = 'application/vnd.cncf.helm.chart.content.v1.tar+gzip'
const PROVENANCE = 'application/vnd.cncf.helm.chart.provenance.v1.prov'

interface OciReference {
  readonly host: string
  readonly repository: string
  readonly tag: string | undefined
  readonly digest: string | undefined
}

/** oci://host/path/chart:tag or @sha256:…. Throws ChartError. */
function parseOci(url: string): OciReference {
  const m = /^oci:\/\/([^/]+)\/([a-z0-9._/-]+?)(?::([\w.+-]+))?(?:@(sha256:[0-9a-f]{64}))?$/.exec(url)
  if (!m) throw new ChartError(`invalid OCI reference ${JSON.stringify(url)}`)
  return { host: m[1] as string, repository: m[2] as string, tag: m[3], digest: m[4] }
}

/** A version as a tag: `+` is not allowed there. */
const tagOf = (version: string) => version.replaceAll('+', '_')
const digestOf = (data: Buffer) => `sha256:${createHash('sha256').update(data).digest('hex')}`

function stored(host: string): Access {
  try {
    const auths =
      (JSON.parse(readFileSync(registryConfigPath(), 'utf8')) as { auths?: { [host: string]: { auth?: string } } }).auths ?? {}
    const auth = Object.hasOwn(auths, host) ? auths[host]?.auth : undefined
    if (!auth) return {}
    const [username, ...password] = Buffer.from(auth, 'base64').toString('utf8').split(':')
    return { username, password: password.join(':') }
  } catch {
    return {}
  }
}

/** One repository of a registry, over the distribution API. */
export class Registry {
  private readonly base: string
  private readonly access: Access
  private token: string | undefined

  constructor(ref: OciReference, access: Access, plainHttp: boolean) {
    const local = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::|$)/.test(ref.host)
    this.base = `${plainHttp || local ? 'http' : 'https'}://${ref.host}/v2/${ref.repository}`
    this.access = access.username ? access : { ...access, ...stored(ref.host) }
  }

  async call(method: string, path: string, headers: Record<string, string> = {}, body?: Buffer): Promise<Response> {
    const url = /^https?:/.test(path) ? path : path.startsWith('/v2/') ? new URL(path, this.base).href : `${this.base}${path}`
    const send = () => {
      // Blobs may be kept elsewhere: that host gets no credentials.
      const isOwn = new URL(url).origin === new URL(this.base).origin
      const authorization = !isOwn ? {} : this.token ? { authorization: `Bearer ${this.token}` } : basic(this.access)
      return request(url, { method, headers: { ...headers, ...authorization }, ...(body ? { body } : {}) }, this.access)
    }
    let response = await send()
    if (response.status === 401 && (await this.authenticate(response.headers.get('www-authenticate') ?? '')))
      response = await send()
    return response
  }

  private async authenticate(challenge: string): Promise<boolean> {
    if (!/^bearer /i.test(challenge)) return false
    const field = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(challenge)?.[1]
    const realm = field('realm')
    if (!realm) return false
    const url = new URL(realm)
    for (const name of ['service', 'scope'] as const) {
      const v = field(name)
      if (v) url.searchParams.set(name, v)
    }
    const response = await request(url.href, { headers: basic(this.access) }, this.access)
    if (!response.ok) return false
    const answer = (await response.json()) as { token?: string; access_token?: string }
    this.token = answer.token ?? answer.access_token
    return this.token !== undefined
  }

  async checked(method: string, path: string, headers: Record<string, string> = {}, body?: Buffer): Promise<Response> {
    const response = await this.call(method, path, headers, body)
    if (!response.ok) {
      const text = (await response.text()).slice(0, 300)
      throw new ChartError(`${method} ${this.base}${path}: ${response.status} ${response.statusText}${text ? `: ${text}` : ''}`)
    }
    return response
  }

  async upload(data: Buffer): Promise<{ digest: string; size: number }> {
    const digest = digestOf(data)
    if ((await this.call('HEAD', `/blobs/${digest}`)).ok) return { digest, size: data.length }
    const started = await this.checked('POST', '/blobs/uploads/')
    const location = started.headers.get('location')
    if (!location) throw new ChartError(`${this.base}: the registry gave no place to upload to`)
    const url = `${location}${location.includes('?') ? '&' : '?'}digest=${encodeURIComponent(digest)}`
    await this.checked('PUT', url, { 'content-type': 'application/octet-stream' }, data)
    return { digest, size: data.length }
  }

  async blob(digest: string, size: number): Promise<Buffer> {
    if (size > MAX_DOWNLOAD) throw new ChartError(`a layer of ${size} bytes is too large for a chart`)
    const data = await readBody(await this.checked('GET', `/blobs/${digest}`), digest)
    if (digestOf(data) !== digest) throw new ChartError(`${digest} has other content than its digest says`)
    return data
  }
}

export interface OciOptions extends Access {
  readonly plainHttp?: boolean
}

/** Pushes an archive to oci://host/path; the reference with digest. Throws ChartError. */
export async function pushChart(
  target: string,
  c: Chart,
  archive: Buffer,
  provenance: Buffer | undefined,
  options: OciOptions = {},
): Promise<string> {
  const ref = parseOci(`${target.replace(/\/$/, '')}/${c.metadata.name}`)
  const registry = new Registry(ref, options, options.plainHttp ?? false)
  const layer = async (data: Buffer, mediaType: string) => ({ mediaType, ...(await registry.upload(data)) })
  const config = await layer(Buffer.from(toJson(metadataToJson(c.metadata))), CONFIG)
  const layers = [await layer(archive, CHART), ...(provenance ? [await layer(provenance, PROVENANCE)] : [])]
  const annotations = {
    'org.opencontainers.image.title': c.metadata.name,
    'org.opencontainers.image.version': c.metadata.version,
  }
  const manifest = Buffer.from(toJson(fromPlain({ schemaVersion: 2, mediaType: MANIFEST, config, layers, annotations })))
  await registry.checked('PUT', `/manifests/${tagOf(c.metadata.version)}`, { 'content-type': MANIFEST }, manifest)
  return `${ref.host}/${ref.repository}:${tagOf(c.metadata.version)}@${digestOf(manifest)}`
}

/** Every version in the registry, newest first. */
export async function ociVersions(url: string, options: OciOptions = {}): Promise<string[]> {
  const registry = new Registry(parseOci(url), options, options.plainHttp ?? false)
  const tags: string[] = []
  for (let path: string | undefined = '/tags/list?n=1000'; path && tags.length < 100_000; ) {
    const response: Response = await registry.checked('GET', path)
    tags.push(...(((await response.json()) as { tags?: string[] | null }).tags ?? []))
    path = /<([^>]+)>;\s*rel="?next/.exec(response.headers.get('link') ?? '')?.[1]
  }
  const versions = tags.map((t) => t.replaceAll('_', '+')).filter(isVersion)
  return versions.sort((a, b) => compareVersions(parseVersion(b), parseVersion(a)))
}

function isVersion(text: string): boolean {
  try {
    parseVersion(text)
    return true
  } catch (e) {
    if (e instanceof VersionError) return false
    throw e
  }
}

/** The archive at an OCI reference, its version by tag, digest or range. Throws ChartError. */
export async function pullChart(
  url: string,
  range: string,
  options: OciOptions = {},
): Promise<{ archive: Buffer; provenance: Buffer | undefined; version: string }> {
  const ref = parseOci(url)
  const registry = new Registry(ref, options, options.plainHttp ?? false)
  let version = ref.tag ?? range
  if (!ref.digest && (version === '' || !/^v?\d+\.\d+\.\d+[\w.+-]*$/.test(version))) {
    const constraint = parseConstraints(version === '' ? '*' : version)
    const found = (await ociVersions(url, options)).find((v) => satisfies(parseVersion(v), constraint))
    if (!found) throw new ChartError(`no version of ${url} matches ${JSON.stringify(version)}`)
    version = found
  }
  const response = await registry.checked('GET', `/manifests/${ref.digest ?? tagOf(version)}`, { accept: MANIFEST })
  const manifest = JSON.parse((await readBody(response, url)).toString('utf8')) as {
    layers?: { mediaType: string; digest: string; size: number }[]
  }
  const find = (type: string) => manifest.layers?.find((l) => l.mediaType === type)
  const chart = find(CHART)
  if (!chart) throw new ChartError(`${url} is no chart: manifest does not contain a layer with mediatype ${CHART}`)
  const provenance = find(PROVENANCE)
  return {
    archive: await registry.blob(chart.digest, chart.size),
    version,
    provenance: provenance ? await registry.blob(provenance.digest, provenance.size) : undefined,
  }
}
