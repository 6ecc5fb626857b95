// What `helm lint` says of Chart.yaml, and of the dependencies it declares.

import { YamlError } from '../../apimachinery/yaml/error.ts'
import type { Chart } from '../chart/chart.ts'
import { ChartError } from '../chart/chart.ts'
import { type Metadata, readMetadata } from '../chart/metadata.ts'
import { compareVersions, parseVersion, VersionError } from '../functions/version.ts'
import { isMap, type Value } from '../gotemplate/value.ts'
import { parseYaml } from '../yaml/parse.ts'
import type { Add } from './lint.ts'

const FILE = 'Chart.yaml'
const KNOWN: ReadonlySet<string> = new Set(
  (
    'name home sources version description keywords maintainers icon apiVersion condition tags appVersion deprecated annotations ' +
    'kubeVersion dependencies type'
  )
    .toLowerCase()
    .split(' '),
)
const NUMBER = '(?:0|[1-9]\\d*)'
const STRICT = new RegExp(
  `^${NUMBER}\\.${NUMBER}\\.${NUMBER}(?:-(?!(?:.*\\.)?0\\d+(?:\\.|\\+|$))[0-9A-Za-z.-]+)?(?:\\+[0-9A-Za-z.-]+)?$`,
)

/** Checks the text of Chart.yaml. */
export function checkChartFile(text: string, add: Add): void {
  const error = (message: string) => add('ERROR', FILE, message)
  let doc: Value
  let m: Metadata
  try {
    doc = parseYaml(text)
    m = readMetadata(doc)
  } catch (e) {
    if (!(e instanceof YamlError) && !(e instanceof ChartError)) throw e
    error(`unable to parse YAML\n\t${e instanceof YamlError ? `error converting YAML to JSON: ${e.message}` : e.message}`)
    return
  }
  // YAML becomes JSON first, whose keys are sorted; Go takes fields in capitals and in small letters.
  const unknown = isMap(doc) ? [...doc.keys()].sort().find((key) => !KNOWN.has(key.toLowerCase())) : undefined
  if (unknown !== undefined)
    add(
      'WARNING',
      FILE,
      `failed to strictly parse chart metadata file\n\terror unmarshaling JSON: while decoding JSON: json: unknown field ${JSON.stringify(unknown)}`,
    )
  if (m.name === '') error('name is required')
  else if (m.name.includes('/')) error(`chart name ${JSON.stringify(m.name)} is invalid`)
  checkApiVersion(m, error)
  checkText(doc, 'version', error)
  checkVersion(m, error)
  checkText(doc, 'appVersion', error)
  checkMaintainers(m, error)
  const source = m.sources.find((url) => !isRequestUrl(url))
  if (source !== undefined) error(`invalid source URL '${source}'`)
  if (m.icon === '') add('INFO', FILE, 'icon is recommended')
  else if (!isRequestUrl(m.icon)) error(`invalid icon URL '${m.icon}'`)
  if (m.apiVersion !== 'v2' && m.type !== '')
    error(`chart type is not valid in apiVersion '${m.apiVersion}'. It is valid in apiVersion 'v2'`)
  if (m.apiVersion !== 'v2' && (m.dependencies?.length ?? 0) > 0)
    error(`dependencies are not valid in the Chart file with apiVersion '${m.apiVersion}'. They are valid in apiVersion 'v2'`)
  if (!STRICT.test(m.version)) add('WARNING', FILE, `version '${m.version}' is not a valid SemVerV2`)
}

type Say = (message: string) => void

function checkApiVersion(m: Metadata, error: Say): void {
  if (m.apiVersion === '') error('apiVersion is required. The value must be either "v1" or "v2"')
  else if (m.apiVersion !== 'v1' && m.apiVersion !== 'v2')
    error(`apiVersion '${m.apiVersion}' is not valid. The value must be either "v1" or "v2"`)
}

function checkText(doc: Value, key: string, error: Say): void {
  const v = isMap(doc) ? doc.get(key) : undefined
  if (v === undefined || typeof v === 'string') return
  const type = v === null ? '<nil>' : typeof v === 'boolean' ? 'bool' : typeof v === 'number' ? 'float64' : 'interface {}'
  error(`${key} should be of type string but it's of type ${type}`)
}

function checkVersion(m: Metadata, error: Say): void {
  const problem = versionProblem(m.version)
  if (problem !== undefined) error(problem)
}

function versionProblem(text: string): string | undefined {
  if (text === '') return 'version is required'
  try {
    const isMore = compareVersions(parseVersion(text), parseVersion('0.0.0-0')) > 0
    return isMore ? undefined : `version ${text} is less than or equal to 0.0.0-0`
  } catch (e) {
    if (e instanceof VersionError) return `version '${text}' is not a valid SemVer`
    throw e
  }
}

function checkMaintainers(m: Metadata, error: Say): void {
  const problem = m.maintainers.map(maintainerProblem).find((text) => text !== undefined)
  if (problem !== undefined) error(problem)
}

function maintainerProblem({ name, email, url }: Metadata['maintainers'][number]): string | undefined {
  if (name === '') return 'each maintainer requires a name'
  if (email !== '' && !/^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(email)) return `invalid email '${email}' for maintainer '${name}'`
  return url !== '' && !isRequestUrl(url) ? `invalid url '${url}' for maintainer '${name}'` : undefined
}

const isRequestUrl = (url: string) => url !== '' && /^[a-z][a-z0-9+.-]*:/i.test(url) && URL.canParse(url)

/** What is declared, and what lies in charts/. */
export function checkDependencies(chart: Chart, path: string, add: Add): void {
  const declared = chart.metadata.dependencies ?? []
  const present = new Set(chart.dependencies.map((c) => c.metadata.name))
  const names = new Set(declared.map((d) => d.name))
  const undeclared = [...present].filter((name) => !names.has(name))
  if (undeclared.length > 0) add('ERROR', path, `chart metadata is missing these dependencies: ${undeclared.join(',')}`)
  const missing = declared.map((d) => d.name).filter((name) => !present.has(name))
  if (missing.length > 0) add('WARNING', path, `chart directory is missing these dependencies: ${missing.join(',')}`)
}
