// The repositories a user knows, in Helm's own files, so that both see the same.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { ChartError } from '../chart/chart.ts'
import { scalarText } from '../chart/metadata.ts'
import { isList, isMap, type Value } from '../gotemplate/value.ts'
import { toYaml } from '../yaml/emit.ts'
import { parseYaml } from '../yaml/parse.ts'
import { type Access, download } from './http.ts'
import { type RepositoryIndex, readIndex } from './repository-index.ts'

export interface Repository extends Access {
  readonly name: string
  readonly url: string
}

const env = process.env
const config = () => env.HELM_CONFIG_HOME ?? join(env.XDG_CONFIG_HOME ?? join(homedir(), '.config'), 'helm')
const cache = () => env.HELM_CACHE_HOME ?? join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'helm')
const listPath = () => env.HELM_REPOSITORY_CONFIG ?? join(config(), 'repositories.yaml')
const cachePath = () => env.HELM_REPOSITORY_CACHE ?? join(cache(), 'repository')
export const registryConfigPath = (): string => env.HELM_REGISTRY_CONFIG ?? join(config(), 'registry', 'config.json')

/** Every repository that was added. */
export function repositories(): Repository[] {
  if (!existsSync(listPath())) return []
  const doc = parseYaml(readFileSync(listPath(), 'utf8'))
  const list = isMap(doc) ? doc.get('repositories') : undefined
  return (isList(list) ? list : []).filter(isMap).map((m) => {
    const text = (k: string) => scalarText(m.get(k)) || undefined
    return {
      name: text('name') ?? '',
      url: text('url') ?? '',
      username: text('username'),
      password: text('password'),
      caFile: text('caFile'),
      certFile: text('certFile'),
      keyFile: text('keyFile'),
      insecureSkipTlsVerify: m.get('insecure_skip_tls_verify') === true,
      passCredentials: m.get('pass_credentials_all') === true,
    }
  })
}

function save(list: readonly Repository[]): void {
  const entry = (r: Repository): Value =>
    new Map<string, Value>([
      ['name', r.name],
      ['url', r.url],
      ['username', r.username ?? ''],
      ['password', r.password ?? ''],
      ['caFile', r.caFile ?? ''],
      ['certFile', r.certFile ?? ''],
      ['keyFile', r.keyFile ?? ''],
      ['insecure_skip_tls_verify', r.insecureSkipTlsVerify ?? false],
      ['pass_credentials_all', r.passCredentials ?? false],
    ])
  mkdirSync(dirname(listPath()), { recursive: true })
  const doc = new Map<string, Value>([
    ['apiVersion', ''],
    ['generated', '0001-01-01T00:00:00Z'],
    ['repositories', list.map(entry)],
  ])
  writeFileSync(listPath(), toYaml(doc), { mode: 0o600 })
}

/** Adds a repository after reading its index once. Throws ChartError. */
export async function addRepository(r: Repository): Promise<void> {
  if (r.name === '' || r.name.includes('/'))
    throw new ChartError(`repository name (${r.name}) contains '/'. Please specify a different name without '/'`)
  const known = repositories()
  const same = known.find((x) => x.name === r.name)
  if (same && same.url !== r.url)
    throw new ChartError(`repository name (${r.name}) already exists, please specify a different name`)
  await refresh(r)
  save([...known.filter((x) => x.name !== r.name), r])
}

/** Throws ChartError when there is no such repository. */
export function removeRepository(name: string): void {
  const known = repositories()
  if (!known.some((r) => r.name === name)) throw new ChartError(`no repo named ${JSON.stringify(name)} found`)
  save(known.filter((r) => r.name !== name))
  rmSync(join(cachePath(), `${name}-index.yaml`), { force: true })
}

const indexUrl = (url: string) => `${url.replace(/\/$/, '')}/index.yaml`

/** Reads the index anew and caches it. */
export async function refresh(r: Repository): Promise<RepositoryIndex> {
  const text = (await download(indexUrl(r.url), r)).toString('utf8')
  const index = readIndex(text)
  mkdirSync(cachePath(), { recursive: true })
  writeFileSync(join(cachePath(), `${r.name}-index.yaml`), text)
  return index
}

/** The cached index, read from the net when there is none. */
export async function indexOf(r: Repository): Promise<RepositoryIndex> {
  const path = join(cachePath(), `${r.name}-index.yaml`)
  return existsSync(path) ? readIndex(readFileSync(path, 'utf8')) : refresh(r)
}

const HOUR = 3_600_000

/** The index of a repository that has no name here; kept for an hour. */
export async function indexAt(url: string, access: Access = {}): Promise<RepositoryIndex> {
  const known = repositories().find((r) => r.url.replace(/\/$/, '') === url.replace(/\/$/, ''))
  if (known) return indexOf(known)
  const path = join(cachePath(), `url-${createHash('sha256').update(url).digest('hex').slice(0, 24)}-index.yaml`)
  if (existsSync(path) && Date.now() - statSync(path).mtimeMs < HOUR) return readIndex(readFileSync(path, 'utf8'))
  const text = (await download(indexUrl(url), access)).toString('utf8')
  const index = readIndex(text)
  mkdirSync(cachePath(), { recursive: true })
  writeFileSync(path, text)
  return index
}
