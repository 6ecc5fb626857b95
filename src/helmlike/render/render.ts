// From a chart and values to manifests: the whole way, as `helm template` and `helm install` go it.
import { type Capabilities, capabilitiesForTemplates, DEFAULT_API_VERSIONS, DEFAULT_KUBE_VERSION } from '../chart/capabilities.ts'
import { type Chart, ChartError, crdsOf } from '../chart/chart.ts'
import { isInRange, missingDependencies } from '../chart/dependencies.ts'
import type { LoadSchema } from '../chart/schema-check.ts'
import type { ValueSource } from '../chart/value-origin.ts'
import type { Warn } from '../chart/values.ts'
import { randomBytes } from '../functions/crypto/random-bytes.ts'
import type { Host } from '../functions/host.ts'
import type { Limits } from '../gotemplate/run.ts'
import { int, type Value, type ValueMap } from '../gotemplate/value.ts'
import { type RenderInput, runTemplates } from './engine.ts'
import { type Hook, type Manifest, ManifestYamlError, sortManifests } from './manifests.ts'
import { prepareChart } from './prepared-chart.ts'
import { RenderError } from './render-error.ts'
import { ValuesMap } from './values-map.ts'

interface Release {
  readonly name: string
  readonly namespace: string
  /** From 1. */
  readonly revision: number
  readonly isUpgrade: boolean
}
export interface RenderOptions {
  readonly release: Release
  readonly capabilities?: Capabilities
  readonly skipSchemas?: boolean
  /** Gives the schemas at other places that a chart's refer to; without it, there are none. */
  readonly loadSchema?: LoadSchema | undefined
  /** Whatever versions of Kubernetes the chart is for. */
  readonly skipVersionCheck?: boolean
  readonly strict?: boolean
  /** The notes of dependencies, too. */
  readonly subNotes?: boolean
  readonly host?: Partial<Host>
  readonly limits?: Limits
  readonly warn?: Warn
  /** What was laid over the chart's own values, for errors that tell where a value comes from. */
  readonly valueSources?: (() => Promise<readonly ValueSource[]>) | undefined
  /** What every rendered file goes through before it is split (post-renderers). */
  readonly postRender?: (files: Map<string, string>) => Promise<Map<string, string>>
}
export interface Rendered {
  readonly manifests: readonly Manifest[]
  readonly hooks: readonly Hook[]
  readonly notes: string
  readonly crds: readonly { readonly path: string; readonly data: Buffer }[]
  /** The chart as it took part: dependencies switched off are gone, values imported. */
  readonly chart: Chart
}

const offline: Host = {
  now: () => new Date(),
  randomBytes,
  lookup: () => new Map(),
  hostByName: () => '',
  lint: false,
  warn: () => {},
}

/** Whether Helm would install the chart at all. Throws ChartError. */
export function checkInstallable(c: Chart): void {
  if (c.metadata.type !== '' && c.metadata.type !== 'application')
    throw new ChartError(`${c.metadata.type} charts are not installable`)
  const missing = missingDependencies(c)
  if (missing.length > 0) {
    throw new ChartError(
      `an error occurred while checking for chart dependencies. You may need to run 'slipway chart dependency build' to fetch missing dependencies: found in Chart.yaml, but missing in charts/ directory: ${missing.join(', ')}`,
    )
  }
}

/** Renders a chart. Throws ChartError, RenderError or LimitError. */
export async function render(original: Chart, values: ValueMap, options: RenderOptions): Promise<Rendered> {
  const { chart, input } = await prepareRender(original, values, options)
  let files = await located(runTemplates(input), chart, options)
  const notes = takeNotes(files, chart.metadata.name, options.subNotes ?? false)
  if (options.postRender) files = await options.postRender(files)
  return { ...(await sorted(files, input)), notes, crds: crdsOf(chart), chart }
}

/** What every template gives, by its path, as it is. Throws ChartError, RenderError or LimitError. */
export async function renderFiles(
  original: Chart,
  values: ValueMap,
  options: RenderOptions,
): Promise<ReadonlyMap<string, string>> {
  const { chart, input } = await prepareRender(original, values, options)
  return located(runTemplates(input), chart, options)
}

/** Errors about a value tell where it was written. */
async function located<T>(work: Promise<T>, chart: Chart, { valueSources }: RenderOptions): Promise<T> {
  try {
    return await work
  } catch (e) {
    if (!(e instanceof RenderError) || !e.about) throw e
    const { originOf } = await import('../chart/value-origin.ts')
    const origin = await originOf(chart, e.about, (await valueSources?.()) ?? [])
    throw origin === undefined ? e : new RenderError(e.message, `${e.hint}, from ${origin}`, e.about)
  }
}

/** The chart as it takes part, and what its templates see. */
async function prepareRender(
  original: Chart,
  values: ValueMap,
  options: RenderOptions,
): Promise<{ chart: Chart; input: RenderInput }> {
  const warn: Warn = options.warn ?? (() => {})
  const capabilities = options.capabilities ?? { kubeVersion: DEFAULT_KUBE_VERSION, apiVersions: DEFAULT_API_VERSIONS }
  const prepared = prepareChart(original, values, warn)
  const { chart } = prepared
  let merged = prepared.takeValues()
  if (!options.skipSchemas) await prepared.checkSchemas(merged, options.valueSources, options.loadSchema)
  const { kubeVersion } = chart.metadata
  if (kubeVersion !== '' && !options.skipVersionCheck && !isInRange(kubeVersion, capabilities.kubeVersion.normalized)) {
    throw new ChartError(
      `chart requires kubeVersion: ${kubeVersion} which is incompatible with Kubernetes ${capabilities.kubeVersion.version}`,
    )
  }
  let rounds = 0
  const input: RenderInput = {
    chart,
    top: () => {
      if (rounds++ > 0) merged = prepared.takeValues()
      return topValues(options.release, merged, capabilities)
    },
    unchanged: () => prepared.giveBack(merged),
    host: { ...offline, ...options.host },
    strict: options.strict ?? false,
    ...(options.limits ? { limits: options.limits } : {}),
  }
  return { chart, input }
}

function topValues(r: Release, values: ValueMap, capabilities: Capabilities): ValueMap {
  const release = new Map<string, Value>([
    ['Name', r.name],
    ['Namespace', r.namespace],
    ['IsUpgrade', r.isUpgrade],
    ['IsInstall', !r.isUpgrade],
    ['Revision', int(r.revision)],
    ['Service', 'Helm'],
  ])
  return new Map<string, Value>([
    ['Release', release],
    ['Values', new ValuesMap(values)],
    ['Capabilities', capabilitiesForTemplates(capabilities)],
  ])
}

function takeNotes(files: Map<string, string>, name: string, withSubcharts: boolean): string {
  const notes: string[] = []
  for (const [path, text] of files) {
    if (!path.endsWith('NOTES.txt')) continue
    files.delete(path)
    if (withSubcharts || path === `${name}/templates/NOTES.txt`) notes.push(text)
  }
  return notes.join('\n')
}

async function sorted(files: ReadonlyMap<string, string>, input: RenderInput): Promise<{ manifests: Manifest[]; hooks: Hook[] }> {
  try {
    return sortManifests(files)
  } catch (e) {
    if (!(e instanceof ManifestYamlError)) throw e
    const told = e.line > 0 ? new RenderError(e.message, await (await import('./yaml-origin.ts')).origin(e, input)) : e
    told.files = files
    throw told
  }
}

/** The manifest that a release keeps. */
export const manifestText = (r: Rendered): string => r.manifests.map((m) => `---\n# Source: ${m.path}\n${m.content}\n`).join('')

/** The text that `helm template` prints: CRDs if asked for, manifests, hooks. */
export function toText(
  r: Rendered,
  { includeCrds = false, hooks = true }: { includeCrds?: boolean; hooks?: boolean } = {},
): string {
  let out = ''
  if (includeCrds) for (const crd of r.crds) out += `---\n# Source: ${crd.path}\n${crd.data.toString('utf8')}\n`
  out = `${(out + manifestText(r)).trim()}\n`
  if (hooks) for (const h of r.hooks) out += `---\n# Source: ${h.path}\n${h.content}\n`
  return out
}
