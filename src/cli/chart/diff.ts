// `slipway chart diff NAME CHART`: what an upgrade would change, object by object.
import { diffLines } from '../../helmlike/release/diff.ts'
import { argument } from './flags/flags.ts'
import { chartForRelease } from './flags/locate.ts'
import { connect, print } from './release.ts'
import { upgradeValues } from './upgrade.ts'

export async function run(argv: string[]): Promise<number> {
  const { flags, releases } = await connect('diff', argv)
  const name = argument(flags, 0, 'diff NAME CHART')
  const chart = await chartForRelease(argument(flags, 1, 'diff NAME CHART'), flags)
  const { old, next } = await releases.preview(name, chart, await upgradeValues(flags, releases, name, chart))
  const changes = diffLines(old, next)
  print(changes === '' ? 'no changes' : changes)
  return 0
}
