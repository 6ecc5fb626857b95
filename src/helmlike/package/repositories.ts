// The repositories a user knows, in Helm's own files, so that both see the same.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { YamlError } from '../../apimachinery/yaml/error.ts'
import { ChartError } from '../chart/chart.ts'
import { scalarText } from '../chart/metadata.ts'
import { isList, isMap, type Value } from '../gotemplate/value.ts'
import { toYaml } from '../yaml/emit.ts'
import { parseYaml } from '../yaml/parse.ts'
import { helmPaths } from './helm-paths.ts'
import { type Access, download } from './http.ts'
import { type RepositoryIndex, readIndex } from './repository-index.ts'

export interface Repository extends Access {
  readonly name: string
  readonly url: string
}

const listPath = () => process.env.HELM_REPOSITORY_CONFIG ?? join(helmPaths().config, 'repositories.yaml')
const cachePath = () => process.env.HELM_REPOSITORY_CACHE ?? join(helmPaths().cache, 'repository')
export const registryConfigPath = (): string =>
  process.env.HELM_REGISTRY_CONFIG ?? join(helmPaths().config, 'registry', 'config.json')

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

/** A repository as repositories.yaml has it. */
const entryOf = (r: Repository) => ({
  name: r.name,
  url: r.url,
  username: r.username ?? '',
  password: r.password ?? '',
  caFile: r.caFile ?? '',
  certFile: r.certFile ?? '',
  keyFile: r.keyFile ?? '',
  insecure_skip_tls_verify: r.insecureSkipTlsVerify ?? false,
  pass_credentials_all: r.passCredentials ?? false,
})

function save(list: readonly Repository[]): void {
  const entry = (r: Repository): Value => new Map<string, Value>(Object.entries(entryOf(r)))
  mkdirSync(dirname(listPath()), { recursive: true })
  const doc = new Map<string, Value>([
    ['apiVersion', ''],
    ['generated', '0001-01-01T00:00:00Z'],
    ['repositories', list.map(entry)],
  ])
  writeFileSync(listPath(), toYaml(doc), { mode: 0o600 })
}

/** Repositories that are gone for good, and where their charts are now. */
const GONE: { readonly [url: string]: string } = {
  '//kubernetes-charts.storage.googleapis.com': 'https://charts.helm.sh/stable',
  '//kubernetes-charts-incubator.storage.googleapis.com': 'https://charts.helm.sh/incubator',
}

interface AddOptions {
  /** Replaces a repository of the same name. */
  readonly force?: boolean
  readonly allowDeprecated?: boolean
  readonly timeoutMs?: number
}

/** Adds a repository after reading its index once; false when it is there already, just so. Throws ChartError. */
export async function addRepository(r: Repository, o: AddOptions = {}): Promise<boolean> {
  const gone = Object.keys(GONE).find((url) => r.url.includes(url))
  if (gone !== undefined && !o.allowDeprecated)
    throw new ChartError(`repo ${JSON.stringify(r.url)} is no longer available; try ${JSON.stringify(GONE[gone])} instead`)
  if (r.name === '' || r.name.includes('/'))
    throw new ChartError(`repository name (${r.name}) contains '/', please specify a different name without '/'`)
  const known = repositories()
  const same = known.find((x) => x.name === r.name)
  if (same && !o.force) {
    if (JSON.stringify(entryOf(same)) !== JSON.stringify(entryOf(r)))
      throw Object.assign(new ChartError(`repository name (${r.name}) already exists, please specify a different name`), {
        hint: `it is ${same.url} with other settings: --force-update replaces it`,
      })
    return false
  }
  try {
    await refresh(r, o.timeoutMs)
  } catch (e) {
    throw new ChartError(
      `looks like ${JSON.stringify(r.url)} is not a valid chart repository or cannot be reached: ${(e as Error).message}`,
    )
  }
  save([...known.filter((x) => x.name !== r.name), r])
  return true
}

/** Throws ChartError when there is no such repository. */
export function removeRepository(name: string): void {
  const known = repositories()
  if (known.length === 0) throw new ChartError('no repositories configured')
  if (!known.some((r) => r.name === name)) throw new ChartError(`no repo named ${JSON.stringify(name)} found`)
  save(known.filter((r) => r.name !== name))
  for (const file of [`${name}-index.yaml`, `${name}-charts.txt`]) rmSync(join(cachePath(), file), { force: true })
}

const indexUrl = (url: string) => `${url.replace(/\/$/, '')}/index.yaml`

/** Reads the index anew and caches it. */
export async function refresh(r: Repository, timeoutMs?: number): Promise<RepositoryIndex> {
  const text = (await download(indexUrl(r.url), r, timeoutMs)).toString('utf8')
  const index = readIndex(text)
  mkdirSync(cachePath(), { recursive: true })
  writeFileSync(join(cachePath(), `${r.name}-index.yaml`), text)
  // Helm's shells complete names of charts from this file.
  writeFileSync(join(cachePath(), `${r.name}-charts.txt`), [...index.keys()].map((name) => `${name}\n`).join(''))
  return index
}

/** The cached index; undefined where there is none that can be read. */
export function cachedIndex(r: Repository): RepositoryIndex | undefined {
  const path = join(cachePath(), `${r.name}-index.yaml`)
  try {
    return existsSync(path) ? readIndex(readFileSync(path, 'utf8')) : undefined
  } catch (e) {
    if (e instanceof ChartError || e instanceof YamlError) return undefined
    throw e
  }
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
