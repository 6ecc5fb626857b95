// Chart.yaml: what it says, checked as Helm checks it.

import { isPrint } from '../../apimachinery/go-quote.ts'
import { parseVersion } from '../functions/version.ts'
import { formatFloat } from '../gotemplate/float.ts'
import { isList, isMap, type List, NilMap, stringList, TypedMap, type Value, type ValueMap } from '../gotemplate/value.ts'
import { ChartError } from './chart.ts'

export interface Dependency {
  name: string
  readonly version: string
  readonly repository: string
  readonly condition: string
  readonly tags: readonly string[]
  enabled: boolean
  importValues: readonly Value[]
  readonly alias: string
}
interface Maintainer {
  readonly name: string
  readonly email: string
  readonly url: string
}
export interface Metadata {
  name: string
  readonly home: string
  readonly sources: readonly string[]
  readonly version: string
  readonly description: string
  readonly keywords: readonly string[]
  readonly maintainers: readonly Maintainer[]
  readonly icon: string
  apiVersion: string
  readonly condition: string
  readonly tags: string
  readonly appVersion: string
  readonly deprecated: boolean
  readonly annotations: ReadonlyMap<string, string>
  readonly kubeVersion: string
  dependencies: Dependency[] | undefined
  readonly type: string
}

const invalid = (what: string) => new ChartError(`validation: ${what}`)

/** A scalar as sigs.k8s.io/yaml puts it into a string field. */
export function scalarText(v: Value): string | undefined {
  if (v === null || v === undefined) return ''
  if (typeof v === 'string') return v
  if (typeof v === 'boolean') return String(v)
  if (typeof v !== 'number') return undefined
  if (Number.isInteger(v) && Math.abs(v) < 1e21) return BigInt(v).toString()
  for (let digits = 1; digits <= 9; digits++) {
    const short = Number(v.toPrecision(digits))
    if (Math.fround(short) === Math.fround(v)) return formatFloat(short, 'g')
  }
  return formatFloat(v, 'g')
}

class Fields {
  private readonly map: ValueMap
  private readonly what: string
  constructor(map: ValueMap, what: string) {
    this.map = map
    this.what = what
  }
  private get(name: string): Value {
    if (this.map.has(name)) return this.map.get(name)
    const lower = name.toLowerCase()
    for (const [k, v] of this.map) if (k.toLowerCase() === lower) return v
    return undefined
  }
  private wrong(name: string, v: Value, type: string): ChartError {
    const kind = isList(v) ? 'array' : isMap(v) ? 'object' : typeof v === 'boolean' ? 'bool' : typeof v
    return new ChartError(
      `error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${kind} into Go struct field ${this.what}.${name} of type ${type}`,
    )
  }
  text(name: string): string {
    const v = this.get(name)
    const s = scalarText(v)
    if (s === undefined) throw this.wrong(name, v, 'string')
    return s
  }
  flag(name: string): boolean {
    const v = this.get(name)
    if (v === undefined || v === null) return false
    if (typeof v !== 'boolean') throw this.wrong(name, v, 'bool')
    return v
  }
  list(name: string): List {
    const v = this.get(name)
    if (v === undefined || v === null) return []
    if (!isList(v)) throw this.wrong(name, v, '[]interface {}')
    return v
  }
  has(name: string): boolean {
    const v = this.get(name)
    return v !== undefined && v !== null
  }
  texts(name: string): string[] {
    return this.list(name).map((v) => scalarText(v) ?? this.reject(name, v))
  }
  private reject(name: string, v: Value): never {
    throw this.wrong(name, v, 'string')
  }
  textMap(name: string): Map<string, string> {
    const v = this.get(name)
    if (v === undefined || v === null) return new Map()
    if (!isMap(v)) throw this.wrong(name, v, 'map[string]string')
    return new Map([...v].map(([k, x]) => [k, scalarText(x) ?? this.reject(name, x)]))
  }
}

function objects(list: List, what: string): Fields[] {
  return list.map((v) => {
    if (v === null || v === undefined)
      throw invalid(
        what === 'Dependency'
          ? 'dependencies must not contain empty or null nodes'
          : 'maintainers must not contain empty or null nodes',
      )
    if (!isMap(v))
      throw new ChartError(
        `error unmarshaling JSON: while decoding JSON: json: cannot unmarshal into Go struct field Metadata of type chart.${what}`,
      )
    return new Fields(v, what)
  })
}

/** The dependencies of Chart.yaml or requirements.yaml; undefined when it names none. */
export function readDependencies(doc: ValueMap): Dependency[] | undefined {
  const fields = new Fields(doc, 'Metadata')
  if (!fields.has('dependencies')) return undefined
  return objects(fields.list('dependencies'), 'Dependency').map((f) => ({
    name: f.text('name'),
    version: f.text('version'),
    repository: f.text('repository'),
    condition: f.text('condition'),
    tags: f.texts('tags'),
    enabled: f.flag('enabled'),
    importValues: f.list('import-values'),
    alias: f.text('alias'),
  }))
}

/** Chart.yaml as read; not yet validated. */
export function readMetadata(doc: Value): Metadata {
  if (doc !== null && doc !== undefined && !isMap(doc)) {
    throw new ChartError(
      `error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${isList(doc) ? 'array' : typeof doc} into Go value of type v2.Metadata`,
    )
  }
  const map: ValueMap = isMap(doc) ? doc : new Map()
  const f = new Fields(map, 'Metadata')
  return {
    name: f.text('name'),
    home: f.text('home'),
    sources: f.texts('sources'),
    version: f.text('version'),
    description: f.text('description'),
    keywords: f.texts('keywords'),
    maintainers: objects(f.list('maintainers'), 'Maintainer').map((m) => ({
      name: m.text('name'),
      email: m.text('email'),
      url: m.text('url'),
    })),
    icon: f.text('icon'),
    apiVersion: f.text('apiVersion'),
    condition: f.text('condition'),
    tags: f.text('tags'),
    appVersion: f.text('appVersion'),
    deprecated: f.flag('deprecated'),
    annotations: f.textMap('annotations'),
    kubeVersion: f.text('kubeVersion'),
    dependencies: readDependencies(map),
    type: f.text('type'),
  }
}

/** Spaces become plain ones, what cannot be printed goes. */
function sanitize(s: string): string {
  if (/^[\x20-\x7e]*$/.test(s)) return s
  return [...s].map((ch) => (/\s|\u0085/u.test(ch) ? ' ' : isPrint(ch.codePointAt(0) as number) ? ch : '')).join('')
}

/** The metadata, sanitized, or Helm's complaint about it. Throws ChartError. */
export function validated(m: Metadata): Metadata {
  const name = sanitize(m.name)
  if (m.apiVersion === '') throw invalid('chart.metadata.apiVersion is required')
  if (name === '') throw invalid('chart.metadata.name is required')
  if (name === '.' || name === '..') throw invalid(`chart.metadata.name ${JSON.stringify(name)} is not allowed`)
  if (name.includes('/')) throw invalid(`chart.metadata.name ${JSON.stringify(name)} is invalid`)
  if (m.version === '') throw invalid('chart.metadata.version is required')
  try {
    parseVersion(m.version)
  } catch {
    throw invalid(`chart.metadata.version ${JSON.stringify(m.version)} is invalid`)
  }
  if (m.type !== '' && m.type !== 'application' && m.type !== 'library')
    throw invalid('chart.metadata.type must be application or library')
  checkDependencies(m.dependencies ?? [])
  return {
    ...m,
    name,
    description: sanitize(m.description),
    home: sanitize(m.home),
    icon: sanitize(m.icon),
    condition: sanitize(m.condition),
    tags: sanitize(m.tags),
    appVersion: sanitize(m.appVersion),
    kubeVersion: sanitize(m.kubeVersion),
    sources: m.sources.map(sanitize),
    keywords: m.keywords.map(sanitize),
  }
}

function checkDependencies(dependencies: readonly Dependency[]): void {
  const seen = new Set<string>()
  for (const d of dependencies) {
    if (d.alias !== '' && !/^[a-zA-Z0-9_-]+$/.test(d.alias))
      throw invalid(`dependency ${JSON.stringify(d.name)} has disallowed characters in the alias`)
    const key = d.alias || d.name
    if (seen.has(key)) throw invalid(`more than one dependency with name or alias ${JSON.stringify(key)}`)
    seen.add(key)
  }
}

const goDependency = (d: Dependency): ValueMap =>
  new Map<string, Value>([
    ['Name', d.name],
    ['Version', d.version],
    ['Repository', d.repository],
    ['Condition', d.condition],
    ['Tags', [...d.tags]],
    ['Enabled', d.enabled],
    ['ImportValues', [...d.importValues]],
    ['Alias', d.alias],
  ])

/** `.Chart` of a template. */
export function metadataForTemplates(m: Metadata, isRoot: boolean): ValueMap {
  return new Map<string, Value>([
    ['Name', m.name],
    ['Home', m.home],
    ['Sources', [...m.sources]],
    ['Version', m.version],
    ['Description', m.description],
    ['Keywords', [...m.keywords]],
    [
      'Maintainers',
      m.maintainers.map(
        (x) =>
          new Map<string, Value>([
            ['Name', x.name],
            ['Email', x.email],
            ['URL', x.url],
          ]),
      ),
    ],
    ['Icon', m.icon],
    ['APIVersion', m.apiVersion],
    ['Condition', m.condition],
    ['Tags', m.tags],
    ['AppVersion', m.appVersion],
    ['Deprecated', m.deprecated],
    ['Annotations', m.annotations.size > 0 ? new TypedMap('map[string]string', m.annotations) : new NilMap('map[string]string')],
    ['KubeVersion', m.kubeVersion],
    ['Dependencies', (m.dependencies ?? []).map(goDependency)],
    ['Type', m.type],
    ['IsRoot', isRoot],
  ])
}

/** The metadata under its JSON names, without what is empty. */
export function metadataToJson(m: Metadata): ValueMap {
  const all: [string, Value][] = [
    ['name', m.name],
    ['home', m.home],
    ['sources', stringList([...m.sources])],
    ['version', m.version],
    ['description', m.description],
    ['keywords', stringList([...m.keywords])],
    [
      'maintainers',
      m.maintainers.map((x) =>
        compact([
          ['name', x.name],
          ['email', x.email],
          ['url', x.url],
        ]),
      ),
    ],
    ['icon', m.icon],
    ['apiVersion', m.apiVersion],
    ['condition', m.condition],
    ['tags', m.tags],
    ['appVersion', m.appVersion],
    ['deprecated', m.deprecated],
    ['annotations', new Map(m.annotations)],
    ['kubeVersion', m.kubeVersion],
    ['dependencies', (m.dependencies ?? []).map(dependencyToJson)],
    ['type', m.type],
  ]
  return compact(all)
}

export function dependencyToJson(d: Dependency): ValueMap {
  const optional: [string, Value][] = [
    ['condition', d.condition],
    ['tags', [...d.tags]],
    ['enabled', d.enabled],
    ['import-values', [...d.importValues]],
    ['alias', d.alias],
  ]
  return new Map<string, Value>([
    ['name', d.name],
    ...compact([['version', d.version]]),
    ['repository', d.repository],
    ...compact(optional),
  ])
}

function compact(entries: [string, Value][]): ValueMap {
  const isEmpty = (v: Value) => v === '' || v === false || (isList(v) && v.length === 0) || (isMap(v) && v.size === 0)
  return new Map(entries.filter(([, v]) => !isEmpty(v)))
}
