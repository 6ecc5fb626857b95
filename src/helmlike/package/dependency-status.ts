// How the dependencies that Chart.yaml declares lie in charts/, in the words of `helm dependency list`.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { readArchive } from '../chart/archive.ts'
import { type Chart, ChartError } from '../chart/chart.ts'
import { isInRange } from '../chart/dependencies.ts'
import { chartFromFiles, loadChart } from '../chart/load.ts'
import type { Dependency } from '../chart/metadata.ts'
import { parseConstraints, parseVersion, VersionError } from '../functions/version.ts'

interface DependencyStatus {
  readonly name: string
  readonly version: string
  readonly repository: string
  readonly status: string
}

/** Each dependency and how it is; undefined for a chart that declares none. Throws ChartError. */
export function dependencyStatus(folder: string): DependencyStatus[] | undefined {
  const c = loadChart(folder)
  const files = archives(folder)
  return c.metadata.dependencies?.map((d) => ({
    name: d.name,
    version: d.version,
    repository: d.repository,
    status: statusOf(d, c, files),
  }))
}

interface Archive {
  readonly file: string
  /** undefined for a file that is no chart. */
  readonly chart: Chart | undefined
}

function archives(folder: string): Archive[] {
  const charts = join(folder, 'charts')
  if (!existsSync(charts) || !statSync(charts).isDirectory()) return []
  return readdirSync(charts)
    .filter((f) => f.endsWith('.tgz'))
    .sort()
    .map((file) => ({ file, chart: opened(join(charts, file)) }))
}

function opened(path: string): Chart | undefined {
  try {
    return statSync(path).isDirectory() ? loadChart(path) : chartFromFiles(readArchive(readFileSync(path)))
  } catch (e) {
    if (e instanceof ChartError) return undefined
    throw e
  }
}

function statusOf(d: Dependency, parent: Chart, files: readonly Archive[]): string {
  let named = files.filter((a) => a.file.startsWith(`${d.name}-`))
  if (named.length > 1) {
    named = named.filter((a) => /^\d+\.\d+\.\d+(?:[-+].*)?$/.test(a.file.slice(d.name.length + 1, -'.tgz'.length)))
    if (named.length > 1) return 'too many matches'
  }
  const [archive] = named
  if (archive) {
    if (!archive.chart) return 'corrupt'
    if (archive.chart.metadata.name !== d.name) return 'misnamed'
    return versionStatus(d.version, archive.chart.metadata.version) ?? 'ok'
  }
  const unpacked = parent.dependencies.findLast((x) => x.metadata.name === d.name)
  if (!unpacked) return 'missing'
  return versionStatus(d.version, unpacked.metadata.version) ?? 'unpacked'
}

function versionStatus(asked: string, found: string): string | undefined {
  if (asked === found) return undefined
  try {
    parseConstraints(asked)
    parseVersion(found)
  } catch (e) {
    if (e instanceof VersionError) return 'invalid version'
    throw e
  }
  return isInRange(asked, found) ? undefined : 'wrong version'
}

/** A warning for each chart in charts/ that Chart.yaml does not declare, and for each file that is no chart. */
export function undeclared(folder: string): string[] {
  const declared = new Set((loadChart(folder).metadata.dependencies ?? []).map((d) => d.name))
  const charts = join(folder, 'charts')
  if (!existsSync(charts)) return []
  return readdirSync(charts)
    .sort()
    .map((name) => join(charts, name))
    .filter((path) => statSync(path).isDirectory() || path.endsWith('.tgz'))
    .flatMap((path) => {
      const chart = opened(path)
      if (!chart) return [`WARNING: ${JSON.stringify(path)} is not a chart.`]
      return declared.has(chart.metadata.name) ? [] : [`WARNING: ${JSON.stringify(path)} is not in Chart.yaml.`]
    })
}
