// `slipway chart uninstall NAME…`.
import { argument } from './flags/flags.ts'
import { dryRunOf } from './flags/release-flags.ts'
import { connect, print } from './release.ts'

export async function run(argv: string[]): Promise<number> {
  const { flags, releases } = await connect('uninstall', argv)
  argument(flags, 0, 'uninstall NAME…')
  for (const name of flags.args) {
    if (flags.has('ignore-not-found') && (await releases.history(name)).length === 0) {
      print(`release ${JSON.stringify(name)} uninstalled`)
      continue
    }
    const kept = await releases.uninstall(name)
    if (kept.length > 0)
      print(
        `These resources were kept due to the resource policy:\n${kept.map((o) => `[${o.kind}] ${o.metadata.name}\n`).join('')}\n`,
      )
    const done = dryRunOf(flags) ? 'would be uninstalled' : 'uninstalled'
    print(`release ${JSON.stringify(name)} ${done}`)
  }
  return 0
}
