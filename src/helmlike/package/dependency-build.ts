// Fills a chart's charts/ folder with what Chart.yaml asks for, and keeps Chart.lock.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Chart, ChartError } from '../chart/chart.ts'
import { isInRange } from '../chart/dependencies.ts'
import { loadChart } from '../chart/load.ts'
import { type Dependency, dependencyToJson, scalarText } from '../chart/metadata.ts'
import { isMap, type Value } from '../gotemplate/value.ts'
import { toYaml } from '../yaml/emit.ts'
import { jsonNumber, toJson } from '../yaml/json.ts'
import { archiveName, packageChart } from './archive.ts'
import type { Access } from './http.ts'
import { type Found, fetchChart, verifyFound } from './locate.ts'
import { ociVersions } from './oci.ts'
import { indexAt, indexOf, type Repository, refresh, repositories } from './repositories.ts'
import { findVersion } from './repository-index.ts'

interface Locked {
  readonly name: string
  readonly version: string
  readonly repository: string
}

/** Go's JSON of a dependency: the fields in the order of the struct. */
function structJson(d: Dependency | Locked): string {
  const all = dependencyToJson({ condition: '', tags: [], enabled: false, importValues: [], alias: '', ...d })
  return `{${[...all].map(([k, v]) => `${JSON.stringify(k)}:${typeof v === 'number' ? jsonNumber(v) : toJson(v)}`).join(',')}}`
}

/** Helm's digest of what was asked for and what was found. */
export function lockDigest(asked: readonly Dependency[], found: readonly Locked[]): string {
  const text = `[[${asked.map(structJson).join(',')}],[${found.map(structJson).join(',')}]]`
  return `sha256:${createHash('sha256').update(text).digest('hex')}`
}

export interface FillOptions extends Access {
  readonly plainHttp?: boolean
  /** The indexes of the known repositories are taken as they are cached. */
  readonly skipRefresh?: boolean
  /** Every archive's signature is checked. */
  readonly verify?: { readonly keyring: string | undefined }
  readonly warn?: (line: string) => void
}

const isLocal = (d: { repository: string }) => d.repository.startsWith('file://')

async function resolveOne(d: Dependency, folder: string, o: FillOptions): Promise<Locked> {
  const locked = (version: string) => ({ name: d.name, version, repository: d.repository })
  if (d.repository === '') {
    const path = join(folder, 'charts', d.name)
    if (!existsSync(path)) throw new ChartError(`directory ${path} not found`)
    return locked(loadChart(path).metadata.version)
  }
  if (isLocal(d)) {
    const { version } = loadChart(resolve(folder, d.repository.slice('file://'.length))).metadata
    if (!isInRange(d.version, version))
      throw new ChartError(
        `dependency ${JSON.stringify(d.name)}: ${version} at ${d.repository} is not in ${JSON.stringify(d.version)}`,
      )
    return locked(version)
  }
  if (d.repository.startsWith('oci://')) {
    const found = (await ociVersions(`${d.repository.replace(/\/$/, '')}/${d.name}`, registryOptions(o))).find((v) =>
      isInRange(d.version, v),
    )
    if (!found)
      throw new ChartError(
        `could not retrieve list of tags for repository ${d.repository}: no version matches ${JSON.stringify(d.version)}`,
      )
    return locked(found)
  }
  return locked(findVersion(await indexFor(d, o), d.name, d.version).version)
}

function indexFor(d: { repository: string }, o: FillOptions) {
  const alias = /^(?:@|alias:)(.+)$/.exec(d.repository)?.[1]
  if (alias === undefined) return indexAt(d.repository, o)
  const known = repositories().find((r) => r.name === alias)
  if (!known) throw new ChartError(`no repository named ${JSON.stringify(alias)}; add it with "slipway chart repo add"`)
  return indexOf(known)
}

/** The archive of a locked dependency; undefined for one that lies in charts/ already. */
async function archiveOf(d: Locked, folder: string, o: FillOptions): Promise<{ name: string; data: Buffer } | undefined> {
  if (d.repository === '') return undefined
  if (isLocal(d)) {
    const chart = loadChart(resolve(folder, d.repository.slice('file://'.length)))
    return { name: archiveName(chart), data: packageChart(chart) }
  }
  const name = `${d.name}-${d.version}.tgz`
  const found = await fetched(d, o)
  if (o.verify) await verifyFound(found, o.verify)
  return { name, data: found.archive }
}

function fetched(d: Locked, o: FillOptions): Promise<Found> {
  if (d.repository.startsWith('oci://'))
    return fetchChart(`${d.repository.replace(/\/$/, '')}/${d.name}`, { ...registryOptions(o), version: d.version })
  const alias = /^(?:@|alias:)(.+)$/.exec(d.repository)?.[1]
  return alias === undefined
    ? fetchChart(d.name, { ...o, repo: d.repository, version: d.version })
    : fetchChart(`${alias}/${d.name}`, { version: d.version })
}

const registryOptions = (o: FillOptions) => ({ ...o, plainHttp: o.plainHttp ?? false })

/** The known repositories that a chart asks for are read anew: one that cannot be reached is told, and its cache used. */
async function refreshFor(asked: readonly Dependency[], o: FillOptions): Promise<void> {
  if (o.skipRefresh) return
  const without = (url: string) => url.replace(/\/$/, '')
  const isAsked = (r: Repository) =>
    asked.some(
      (d) => without(d.repository) === without(r.url) || d.repository === `@${r.name}` || d.repository === `alias:${r.name}`,
    )
  for (const r of repositories().filter(isAsked)) {
    try {
      await refresh(r)
    } catch (e) {
      if (!(e instanceof ChartError)) throw e
      o.warn?.(`...Unable to get an update from the ${JSON.stringify(r.name)} chart repository (${r.url}):\n\t${e.message}`)
    }
  }
}

function lockedOf(c: Chart): Locked[] {
  return (c.lock?.dependencies ?? []).filter(isMap).map((m) => {
    const text = (k: string) => scalarText(m.get(k)) ?? ''
    return { name: text('name'), version: text('version'), repository: text('repository') }
  })
}

/** Resolves all ranges anew, downloads, and writes Chart.lock (requirements.lock for v1). What was found. Throws ChartError. */
export async function updateDependencies(folder: string, now: Date, o: FillOptions = {}): Promise<Locked[]> {
  const c = loadChart(folder)
  const asked = c.metadata.dependencies ?? []
  await refreshFor(asked, o)
  const found: Locked[] = []
  for (const d of asked) found.push(await resolveOne(d, folder, o))
  await install(folder, found, o)
  if (lockDigest(asked, found) !== c.lock?.digest) {
    const lock = new Map<string, Value>([
      [
        'dependencies',
        found.map(
          (d) =>
            new Map<string, Value>([
              ['name', d.name],
              ['repository', d.repository],
              ['version', d.version],
            ]),
        ),
      ],
      ['digest', lockDigest(asked, found)],
      ['generated', now.toISOString()],
    ])
    writeFileSync(join(folder, c.metadata.apiVersion === 'v1' ? 'requirements.lock' : 'Chart.lock'), toYaml(lock))
  }
  return found
}

/** Downloads what Chart.lock says; without a lock it updates. Throws ChartError when lock and Chart.yaml disagree. */
export async function buildDependencies(folder: string, now: Date, o: FillOptions = {}): Promise<Locked[]> {
  const c = loadChart(folder)
  if (!c.lock) return updateDependencies(folder, now, o)
  await refreshFor(c.metadata.dependencies ?? [], o)
  const locked = lockedOf(c)
  if (lockDigest(c.metadata.dependencies ?? [], locked) !== c.lock.digest) {
    throw new ChartError(
      'the lock file (Chart.lock) is out of sync with the dependencies file (Chart.yaml). Please update the dependencies',
    )
  }
  await install(folder, locked, o)
  return locked
}

/** Everything is downloaded before the first old archive goes. */
async function install(folder: string, locked: readonly Locked[], o: FillOptions): Promise<void> {
  const archives = []
  for (const d of locked) {
    const archive = await archiveOf(d, folder, o)
    if (archive) archives.push(archive)
  }
  const charts = join(folder, 'charts')
  mkdirSync(charts, { recursive: true })
  for (const { name, data } of archives) {
    writeFileSync(join(charts, `.${name}.new`), data)
    renameSync(join(charts, `.${name}.new`), join(charts, name))
  }
  const kept = new Set(archives.map((a) => a.name))
  const names = new Set(locked.map((d) => d.name))
  for (const file of readdirSync(charts)) {
    const name = /^(.+)-\d+\.\d+\.\d+.*\.tgz$/.exec(file)?.[1]
    if (name !== undefined && names.has(name) && !kept.has(file)) rmSync(join(charts, file))
  }
}
