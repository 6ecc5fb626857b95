// `slipway chart install NAME CHART`.
import { locateChart } from '../helmlike/package/locate.ts'
import { locateOptions } from './chart-locate.ts'
import { argument, connect, print, shown } from './chart-release.ts'
import { checkName } from './chart-template.ts'
import { valuesFromFlags } from './chart-values.ts'

export async function run(argv: string[]): Promise<number> {
  const { flags, releases } = await connect(argv)
  const name = argument(flags, 0, 'install NAME CHART')
  checkName(name)
  const chart = await locateChart(argument(flags, 1, 'install NAME CHART'), locateOptions(flags))
  print(shown(await releases.install(name, chart, await valuesFromFlags(flags))))
  return 0
}
