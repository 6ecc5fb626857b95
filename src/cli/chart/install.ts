// `slipway chart install NAME CHART`.
import { locateChart } from '../../helmlike/package/locate.ts'
import { locateOptions } from './locate.ts'
import { releaseData, show } from './output.ts'
import { argument, connect, shown } from './release.ts'
import { checkName } from './template.ts'
import { valuesFromFlags } from './values.ts'

export async function run(argv: string[]): Promise<number> {
  const { flags, releases } = await connect(argv)
  const name = argument(flags, 0, 'install NAME CHART')
  checkName(name)
  const chart = await locateChart(argument(flags, 1, 'install NAME CHART'), locateOptions(flags))
  const r = await releases.install(name, chart, await valuesFromFlags(flags))
  await show(flags, releaseData(r), () => shown(r))
  return 0
}
