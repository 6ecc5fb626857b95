// `slipway chart show all|chart|values|readme|crds CHART`: a chart's own files.
import { type Chart, crdsOf } from '../../helmlike/chart/chart.ts'
import { metadataToJson } from '../../helmlike/chart/metadata.ts'
import { locateChart } from '../../helmlike/package/locate.ts'
import { toYaml } from '../../helmlike/yaml/emit.ts'
import { toPlain } from '../../helmlike/yaml/json.ts'
import { print } from '../print.ts'
import { type Family, type Flags, onlyArgument, parseFamily } from './flags/flags.ts'
import { CHART_FLAGS, locateOptions } from './flags/locate.ts'

export const FAMILY: Family = {
  all: CHART_FLAGS,
  chart: CHART_FLAGS,
  values: { flags: { ...CHART_FLAGS.flags, jsonpath: 'value' }, short: {} },
  readme: CHART_FLAGS,
  crds: CHART_FLAGS,
}

/** A chart's part; '' where it has none. */
const PARTS: { readonly [what: string]: (c: Chart, flags: Flags) => Promise<string> | string } = {
  chart: (c) => `${toYaml(metadataToJson(c.metadata))}\n`,
  values: (c, flags) => {
    const path = flags.get('jsonpath')
    if (path) return selected(c, path)
    const file = c.raw.find((f) => f.name === 'values.yaml')
    return file ? `${file.data.toString('utf8')}\n` : ''
  },
  readme: (c) => {
    const file = c.files.find((f) => /^readme(?:\.md|\.txt)?$/i.test(f.name))
    return file ? `${file.data.toString('utf8')}\n` : ''
  },
  crds: (c) =>
    crdsOf(c)
      .map((f) => f.data.toString('utf8'))
      .map((text) => `${text.startsWith('---') ? '' : '---\n'}${text}\n`)
      .join(''),
}

async function selected(c: Chart, path: string): Promise<string> {
  const { JsonPathError, parseJsonPath, resultText } = await import('../../crd/jsonpath.ts')
  try {
    const results = parseJsonPath(path).find(
      toPlain(c.values ?? new Map()) as Parameters<ReturnType<typeof parseJsonPath>['find']>[0],
    )
    return results.map(resultText).join('')
  } catch (e) {
    throw e instanceof JsonPathError ? new Error(`error parsing jsonpath ${path}: ${e.message}`) : e
  }
}

export async function run(argv: string[]): Promise<number> {
  const { verb, flags } = parseFamily(argv, FAMILY, `show ${Object.keys(FAMILY).join('|')} CHART`)
  const chart = await locateChart(onlyArgument(flags, `show ${verb} CHART`), locateOptions(flags))
  if (verb !== 'all') {
    await print((await PARTS[verb]?.(chart, flags)) ?? '')
    return 0
  }
  let text = ''
  for (const part of ['chart', 'values', 'readme', 'crds']) {
    const shown = (await PARTS[part]?.(chart, flags)) ?? ''
    // Custom resource definitions bring lines of their own.
    text += shown === '' || part === 'chart' || part === 'crds' ? shown : `---\n${shown}`
  }
  await print(text)
  return 0
}
