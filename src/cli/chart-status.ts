// `slipway chart status NAME`.
import { argument, connect, print, shown } from './chart-release.ts'

export async function run(argv: string[]): Promise<number> {
  const { flags, releases } = await connect(argv)
  const revision = flags.get('revision')
  print(shown(await releases.revision(argument(flags, 0, 'status NAME'), revision === undefined ? undefined : Number(revision))))
  return 0
}
