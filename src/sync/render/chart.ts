import { jsonText } from '../../apimachinery/json.ts'
import { type Chart, ChartError } from '../../helmlike/chart/chart.ts'
import { mergeMaps, readValues } from '../../helmlike/chart/read-values.ts'
import { SET, SET_STRING, SetError, setValues } from '../../helmlike/chart/set-values.ts'
import type { ValueMap } from '../../helmlike/gotemplate/value.ts'
import type { Hook } from '../../helmlike/render/manifests.ts'
import { render } from '../../helmlike/render/render.ts'
import { RenderError } from '../../helmlike/render/render-error.ts'
import type { Application, ApplicationSource } from '../application/application.ts'
import type { TreeFile } from '../git/tree.ts'
import { loadChart } from './chart-cache.ts'
import { type Manifest, ManifestError } from './manifest.ts'
import type { RenderChart } from './render.ts'
import { parseManifests } from './yaml-manifests.ts'

interface ChartRelease {
  readonly release: string
  readonly namespace: string
  readonly helm?: ApplicationSource['helm'] | undefined
}

type LoadChart = (files: readonly TreeFile[]) => Promise<Chart>

/** The renderer of an Application's chart: the release has the Application's name, as Argo CD has it. */
export function helmChartRenderer(app: Application, load: LoadChart = loadChart): RenderChart {
  const helm = app.spec.source?.helm
  const release = helm?.releaseName ?? app.metadata.name ?? ''
  return chartRenderer({ release, namespace: app.spec.destination.namespace ?? 'default', helm }, load)
}

/** Renders a chart's files by src/helmlike; values: valueFiles < values, valuesObject < parameters. Throws ManifestError. */
export function chartRenderer({ release, namespace, helm }: ChartRelease, load: LoadChart = loadChart): RenderChart {
  return async (files) => {
    try {
      const chart = await load(files)
      const values = await valuesOf(files, helm)
      const options = { release: { name: release, namespace, revision: 1, isUpgrade: false } }
      const { manifests, hooks, crds } = await render(chart, values, options)
      refuseHooks(hooks, chart)
      const definitions = crds.flatMap((crd) => parseManifests(crd.path, crd.data.toString()))
      return [...definitions, ...manifests.flatMap((m) => rendered(m.path, m.content))]
    } catch (error) {
      if (!(error instanceof ChartError || error instanceof RenderError || error instanceof SetError)) throw error
      throw new ManifestError(
        error.message,
        { file: 'Chart.yaml', line: 1, column: 1 },
        error instanceof RenderError ? error.hint : undefined,
      )
    }
  }
}

/** Places in rendered text are not places in the template: they say so. */
function rendered(path: string, content: string): Manifest[] {
  return parseManifests(`${path} (rendered)`, content)
}

async function valuesOf(files: readonly TreeFile[], helm: ApplicationSource['helm']): Promise<ValueMap> {
  let values: ValueMap = new Map()
  for (const path of helm?.valueFiles ?? []) {
    const file = files.find((f) => f.path === path.replace(/^\.\//, ''))
    if (!file) throw new ChartError(`spec.source.helm.valueFiles: the chart has no file ${path}`)
    values = mergeMaps(values, readValues(Buffer.from(await file.read()).toString(), path))
  }
  if (helm?.values) values = mergeMaps(values, readValues(helm.values, 'spec.source.helm.values'))
  if (helm?.valuesObject) values = mergeMaps(values, readValues(jsonText(helm.valuesObject), 'spec.source.helm.valuesObject'))
  for (const { name, value, forceString } of helm?.parameters ?? [])
    setValues(`${name}=${value}`, values, forceString ? SET_STRING : SET)
  return values
}

/** Hooks that an installation would run. */
const installHooks = new Set(['pre-install', 'post-install', 'pre-upgrade', 'post-upgrade'])

function refuseHooks(hooks: readonly Hook[], chart: Chart): void {
  const hook = hooks.find((h) => h.events.some((event) => installHooks.has(event)))
  if (!hook) return
  const place = { file: hook.path, line: 1, column: 1 }
  throw new ManifestError(
    `${hook.kind} ${hook.name} is a ${hook.events.join(', ')} hook of chart ${chart.metadata.name}: the sync engine does not run hooks yet`,
    place,
    'switch it off in the values, or install the chart with helm',
  )
}
