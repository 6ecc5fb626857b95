// `slipway chart test NAME`: runs the release's test hooks.
import { argument, connect, print, shown } from './release.ts'

export async function run(argv: string[]): Promise<number> {
  const { flags, releases } = await connect(argv)
  print(shown(await releases.test(argument(flags, 0, 'test NAME'))))
  return 0
}
