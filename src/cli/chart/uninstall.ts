// `slipway chart uninstall NAME…`.
import { argument, connect, print } from './release.ts'

export async function run(argv: string[]): Promise<number> {
  const { flags, releases } = await connect(argv)
  argument(flags, 0, 'uninstall NAME…')
  for (const name of flags.args) {
    const kept = await releases.uninstall(name)
    if (kept.length > 0)
      print(
        `These resources were kept due to the resource policy:\n${kept.map((o) => `[${o.kind}] ${o.metadata.name}`).join('\n')}`,
      )
    print(`release ${JSON.stringify(name)} uninstalled`)
  }
  return 0
}
