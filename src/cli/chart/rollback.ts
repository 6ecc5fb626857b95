// `slipway chart rollback NAME [REVISION]`.
import { argument, connect, print } from './release.ts'

export async function run(argv: string[]): Promise<number> {
  const { flags, releases } = await connect('rollback', argv)
  const revision = Number(flags.args[1] ?? 0)
  if (!Number.isInteger(revision) || revision < 0) throw new Error(`invalid release revision ${JSON.stringify(flags.args[1])}`)
  const r = await releases.rollback(argument(flags, 0, 'rollback NAME [REVISION]'), revision)
  print(`Rollback was a success! ${r.name} is at revision ${r.version}: ${r.info.description}`)
  return 0
}
