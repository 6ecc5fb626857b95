// index.yaml of a chart repository.
import { createHash } from 'node:crypto'
import { type Chart, ChartError } from '../chart/chart.ts'
import { metadataToJson, scalarText } from '../chart/metadata.ts'
import { compareVersions, parseConstraints, parseVersion, satisfies, VersionError } from '../functions/version.ts'
import { isList, isMap, type Value, type ValueMap } from '../gotemplate/value.ts'
import { toYaml } from '../yaml/emit.ts'
import { toJson } from '../yaml/json.ts'
import { parseYaml } from '../yaml/parse.ts'
import { archiveName } from './archive.ts'

export interface IndexEntry {
  readonly name: string
  readonly version: string
  readonly appVersion: string
  readonly description: string
  readonly keywords: readonly string[]
  readonly deprecated: boolean
  readonly digest: string
  readonly urls: readonly string[]
  readonly raw: ValueMap
}

/** Chart name -> versions, newest first. */
export type RepositoryIndex = ReadonlyMap<string, readonly IndexEntry[]>

function entryOf(m: ValueMap): IndexEntry | undefined {
  const text = (k: string) => scalarText(m.get(k)) ?? ''
  const urls = m.get('urls')
  const keywords = m.get('keywords')
  const entry = {
    name: text('name'),
    version: text('version'),
    appVersion: text('appVersion'),
    description: text('description'),
    keywords: isList(keywords) ? keywords.filter((k) => typeof k === 'string') : [],
    digest: text('digest'),
    deprecated: m.get('deprecated') === true,
    urls: isList(urls) ? urls.filter((u) => typeof u === 'string') : [],
    raw: m,
  }
  try {
    parseVersion(entry.version)
  } catch (e) {
    if (e instanceof VersionError) return undefined
    throw e
  }
  return entry.name === '' ? undefined : entry
}

/** Reads an index; entries that are no charts are left out. Throws ChartError, YamlError. */
export function readIndex(text: string): RepositoryIndex {
  const doc = parseYaml(text)
  if (!isMap(doc)) throw new ChartError('empty index.yaml file')
  if (!doc.has('apiVersion')) throw new ChartError('no API version specified')
  const entries = doc.get('entries')
  const index = new Map<string, IndexEntry[]>()
  for (const [name, versions] of isMap(entries) ? entries : []) {
    const list = (isList(versions) ? versions : [])
      .filter(isMap)
      .map(entryOf)
      .filter((e) => e !== undefined)
    index.set(
      name,
      list.sort((a, b) => compareVersions(parseVersion(b.version), parseVersion(a.version))),
    )
  }
  return index
}

/** The newest version of a chart in a range ('' is any release). Throws ChartError. */
export function findVersion(index: RepositoryIndex, name: string, range: string): IndexEntry {
  const versions = index.get(name)
  if (!versions || versions.length === 0) throw new ChartError(`chart ${JSON.stringify(name)} not found in the repository`)
  const exact = versions.find((v) => v.version === range)
  if (exact) return exact
  const constraint = parseConstraints(range === '' ? '*' : range)
  const found = versions.find((v) => satisfies(parseVersion(v.version), constraint))
  if (!found)
    throw new ChartError(
      `no version of chart ${JSON.stringify(name)} matches ${JSON.stringify(range)}; the newest is ${versions[0]?.version}`,
    )
  return found
}

interface IndexOptions {
  /** Where the archives will be found; '' is beside the index. */
  readonly url: string
  readonly created: Date
  /** JSON, which is YAML, too. */
  readonly json?: boolean
}

/** index.yaml for archives at their paths below it, over an older index if given. */
export function writeIndex(
  charts: readonly { chart: Chart; archive: Buffer; path?: string }[],
  o: IndexOptions,
  old?: RepositoryIndex,
): string {
  const entries = new Map<string, Value[]>()
  const add = (name: string, raw: ValueMap) => {
    const list = entries.get(name) ?? []
    if (!list.some((v) => isMap(v) && v.get('version') === raw.get('version'))) entries.set(name, [...list, raw])
  }
  for (const { chart, archive, path = archiveName(chart) } of charts) {
    const raw = metadataToJson(chart.metadata)
    raw.set('urls', [o.url === '' ? path : `${o.url.replace(/\/$/, '')}/${path}`])
    raw.set('created', o.created.toISOString())
    raw.set('digest', createHash('sha256').update(archive).digest('hex'))
    add(chart.metadata.name, raw)
  }
  for (const [name, versions] of old ?? []) for (const v of versions) add(name, v.raw)
  for (const list of entries.values()) list.sort((a, b) => compareVersions(parseVersion(textAt(b)), parseVersion(textAt(a))))
  const index = new Map<string, Value>([
    ['apiVersion', 'v1'],
    ['entries', new Map<string, Value>(entries)],
    ['generated', o.created.toISOString()],
  ])
  return o.json ? `${toJson(index, { html: true, indent: '  ' })}\n` : toYaml(index)
}

const textAt = (v: Value) => (isMap(v) ? (scalarText(v.get('version')) ?? '0') : '0')
