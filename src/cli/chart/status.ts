// `slipway chart status NAME`.
import { releaseData, show } from './output.ts'
import { argument, connect, shown } from './release.ts'

export async function run(argv: string[]): Promise<number> {
  const { flags, releases } = await connect('status', argv)
  const revision = flags.get('revision')
  const r = await releases.revision(argument(flags, 0, 'status NAME'), revision === undefined ? undefined : Number(revision))
  await show(flags, releaseData(r), () => shown(r, flags))
  return 0
}
