// Charts from folders, archives and lists of files.
import { existsSync, readFileSync, statSync } from 'node:fs'
import { YamlError } from '../../apimachinery/yaml/error.ts'
import { extension } from '../functions/paths.ts'
import { fromBytes } from '../gotemplate/bytes.ts'
import { isMap, sortedKeys, type Value, type ValueMap } from '../gotemplate/value.ts'
import { parseYaml } from '../yaml/parse.ts'
import { readArchive } from './archive.ts'
import { type Chart, ChartError, type ChartFile, type Lock, setDependencies } from './chart.ts'
import { readDirectory } from './directory.ts'
import { type Metadata, readDependencies, readMetadata, scalarText, validated } from './metadata.ts'
import { readValues } from './read-values.ts'

const MAX_NESTING = 20

/** The chart in a folder or a .tgz file. Throws ChartError. */
export function loadChart(path: string): Chart {
  if (!existsSync(path)) throw new ChartError(`path ${JSON.stringify(path)} not found`)
  if (statSync(path).isDirectory()) return chartFromFiles(readDirectory(path))
  return chartFromFiles(filesOfArchive(readFileSync(path), path))
}

function filesOfArchive(data: Buffer, path: string): ChartFile[] {
  if (data[0] === 0x1f && data[1] === 0x8b) return readArchive(data)
  if (/\.ya?ml$/.test(path)) throw new ChartError(`file '${path}' seems to be a YAML file, but expected a gzipped archive`)
  throw new ChartError(`file '${path}' does not appear to be a gzipped archive`)
}

function parsed(file: ChartFile): Value {
  try {
    return parseYaml(fromBytes(file.data))
  } catch (e) {
    if (e instanceof YamlError) throw new ChartError(`cannot load ${file.name}: error converting YAML to JSON: ${e.message}`)
    throw e
  }
}

function lockOf(file: ChartFile): Lock {
  const doc = parsed(file)
  const map: ValueMap = isMap(doc) ? doc : new Map()
  const list = map.get('dependencies')
  return {
    dependencies: Array.isArray(list) ? list : [],
    digest: scalarText(map.get('digest')) ?? '',
  }
}

function loadMetadata(files: readonly ChartFile[]): Metadata {
  const chartFile = files.findLast((f) => f.name === 'Chart.yaml')
  const requirements = files.find((f) => f.name === 'requirements.yaml')
  if (!chartFile && !requirements) throw new ChartError('Chart.yaml file is missing')
  let metadata: Metadata
  try {
    metadata = readMetadata(chartFile ? parsed(chartFile) : null)
  } catch (e) {
    throw e instanceof ChartError && !e.message.startsWith('cannot load') && !e.message.startsWith('validation')
      ? new ChartError(`cannot load Chart.yaml: ${e.message}`)
      : e
  }
  if (chartFile && metadata.apiVersion === '') metadata = { ...metadata, apiVersion: 'v1' }
  if (requirements) {
    const doc = parsed(requirements)
    if (isMap(doc)) metadata = { ...metadata, dependencies: readDependencies(doc) ?? metadata.dependencies }
  }
  return validated(metadata)
}

/** The chart that these files make. Throws ChartError. */
export function chartFromFiles(files: readonly ChartFile[], depth = 0): Chart {
  if (depth > MAX_NESTING) throw new ChartError('charts are nested too deeply')
  const templates: ChartFile[] = []
  const others: ChartFile[] = []
  const subcharts = new Map<string, ChartFile[]>()
  let lock: Lock | undefined
  let values: ValueMap | undefined
  let schema: Buffer | undefined
  const metadata = loadMetadata(files)
  if (metadata.apiVersion === 'v3') throw new ChartError('invalid chart apiVersion: v3 charts cannot be installed yet')
  const isV1 = metadata.apiVersion === 'v1'
  for (const f of files) {
    if (f.name === 'Chart.yaml') continue
    if (f.name === 'Chart.lock') lock = lockOf(f)
    else if (f.name === 'values.yaml') values = readValues(fromBytes(f.data), 'values.yaml')
    else if (f.name === 'values.schema.json') schema = f.data
    else if (f.name === 'requirements.yaml') {
      if (isV1) others.push(f)
    } else if (f.name === 'requirements.lock') {
      lock = lockOf(f)
      if (isV1) others.push(f)
    } else if (f.name.startsWith('templates/')) templates.push(f)
    else if (f.name.startsWith('charts/') && extension(f.name) !== '.prov') {
      const name = f.name.slice('charts/'.length)
      const chart = name.split('/')[0] as string
      const list = subcharts.get(chart)
      const file = { name, data: f.data }
      if (list) list.push(file)
      else subcharts.set(chart, [file])
    } else others.push(f)
  }
  const chart: Chart = {
    metadata,
    lock,
    templates,
    files: others,
    raw: files,
    schema,
    values,
    dependencies: [],
    parent: undefined,
  }
  setDependencies(chart, loadSubcharts(chart, subcharts, depth))
  return chart
}

function loadSubcharts(parent: Chart, subcharts: ReadonlyMap<string, ChartFile[]>, depth: number): Chart[] {
  const charts: Chart[] = []
  for (const name of sortedKeys(subcharts)) {
    if (name.startsWith('_') || name.startsWith('.')) continue
    const files = subcharts.get(name) as ChartFile[]
    const [first] = files
    try {
      if (extension(name) === '.tgz') {
        if (first?.name !== name)
          throw new ChartError(`error unpacking subchart tar in ${parent.metadata.name}: expected ${name}, got ${first?.name}`)
        charts.push(chartFromFiles(filesOfArchive(first.data, name), depth + 1))
      } else {
        const inside = files
          .filter((f) => f.name.includes('/'))
          .map((f) => ({ name: f.name.slice(f.name.indexOf('/') + 1), data: f.data }))
        charts.push(chartFromFiles(inside, depth + 1))
      }
    } catch (e) {
      if (e instanceof ChartError)
        throw new ChartError(`error unpacking subchart ${name} in ${parent.metadata.name}: ${e.message}`)
      throw e
    }
  }
  return charts
}
