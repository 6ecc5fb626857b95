// `slipway chart show WHAT CHART`: a chart's own files: chart, values, readme, crds or all.
import { type Chart, crdsOf } from '../../helmlike/chart/chart.ts'
import { metadataToJson } from '../../helmlike/chart/metadata.ts'
import { locateChart } from '../../helmlike/package/locate.ts'
import { toYaml } from '../../helmlike/yaml/emit.ts'
import { parseFlags } from './flags.ts'
import { LOCATE_FLAGS, locateOptions } from './locate.ts'

const PARTS: { readonly [what: string]: (c: Chart) => string } = {
  chart: (c) => toYaml(metadataToJson(c.metadata)),
  values: (c) => c.raw.find((f) => f.name === 'values.yaml')?.data.toString('utf8') ?? '',
  readme: (c) => c.files.find((f) => /^readme(?:\.md|\.txt)?$/i.test(f.name))?.data.toString('utf8') ?? '',
  crds: (c) =>
    crdsOf(c)
      .map((f) => `---\n${f.data.toString('utf8')}\n`)
      .join(''),
}

export async function run(argv: string[]): Promise<number> {
  const flags = parseFlags(argv, LOCATE_FLAGS)
  const [what = '', reference] = flags.args
  if (reference === undefined || (what !== 'all' && !Object.hasOwn(PARTS, what)))
    throw new Error('use: slipway chart show all|chart|values|readme|crds CHART')
  const chart = await locateChart(reference, locateOptions(flags))
  const parts = what === 'all' ? ['chart', 'values', 'readme', 'crds'] : [what]
  process.stdout.write(
    `${parts
      .map((p) => PARTS[p]?.(chart) ?? '')
      .filter((s) => s !== '')
      .join('\n---\n')}\n`,
  )
  return 0
}
