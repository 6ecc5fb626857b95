import { randomBytes } from 'node:crypto'
import { capabilitiesForTemplates, DEFAULT_API_VERSIONS, DEFAULT_KUBE_VERSION } from '../../src/helmlike/chart/capabilities.ts'
import type { Chart } from '../../src/helmlike/chart/chart.ts'
import { readValues } from '../../src/helmlike/chart/read-values.ts'
import { toBytes } from '../../src/helmlike/gotemplate/bytes.ts'
import { int, type Value } from '../../src/helmlike/gotemplate/value.ts'
import { runTemplates } from '../../src/helmlike/render/engine.ts'
import { ValuesMap } from '../../src/helmlike/render/values-map.ts'

/** The output of templates/t.txt, or the error's message. */
export async function prepareRender(chart: Chart, values: string): Promise<{ output?: string; error?: string }> {
  const release = new Map<string, Value>([
    ['Name', 'rel'],
    ['Namespace', 'ns'],
    ['IsUpgrade', false],
    ['IsInstall', true],
    ['Revision', int(1)],
    ['Service', 'Helm'],
  ])
  const top = () =>
    new Map<string, Value>([
      ['Release', release],
      ['Values', new ValuesMap(readValues(values, 'values'))],
      ['Capabilities', capabilitiesForTemplates({ kubeVersion: DEFAULT_KUBE_VERSION, apiVersions: DEFAULT_API_VERSIONS })],
    ])
  const host = { now: () => new Date(), randomBytes, lookup: () => new Map(), hostByName: () => '', lint: false, warn: () => {} }
  try {
    const files = await runTemplates({ chart, top, host, strict: false })
    return { output: toBytes(files.get('c/templates/t.txt') ?? '').toString('utf8') }
  } catch (e) {
    return { error: (e as Error).message }
  }
}
