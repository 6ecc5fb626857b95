// `slipway chart diff NAME CHART`: what an upgrade would change, object by object.
import { locateChart } from '../../helmlike/package/locate.ts'
import { diffLines } from '../../helmlike/release/diff.ts'
import { locateOptions } from './locate.ts'
import { argument, connect, print } from './release.ts'
import { upgradeValues } from './upgrade.ts'

export async function run(argv: string[]): Promise<number> {
  const { flags, releases } = await connect(argv)
  const name = argument(flags, 0, 'diff NAME CHART')
  const chart = await locateChart(argument(flags, 1, 'diff NAME CHART'), locateOptions(flags))
  const { old, next } = await releases.preview(name, chart, await upgradeValues(flags, releases, name, chart))
  const changes = diffLines(old, next)
  print(changes === '' ? 'no changes' : changes)
  return 0
}
