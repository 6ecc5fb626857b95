// `slipway chart rollback NAME [REVISION]`.
import { argument, FlagError, type Flags } from './flags/flags.ts'
import { connect, print } from './release.ts'

const MAX_DESCRIPTION = 256

/** The revision to go back to; 0 is the one before. Throws FlagError. */
function wantedRevision(flags: Flags): number {
  const text = flags.args[1] ?? '0'
  const revision = Number(text)
  if (!Number.isInteger(revision) || revision < 0)
    throw new FlagError(`could not convert revision to a number: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`)
  return revision
}

export async function run(argv: string[]): Promise<number> {
  const { flags, releases } = await connect('rollback', argv)
  const name = argument(flags, 0, 'rollback NAME [REVISION]')
  const length = [...(flags.get('description') ?? '')].length
  if (length > MAX_DESCRIPTION) throw new FlagError(`description must be ${MAX_DESCRIPTION} characters or less, got ${length}`)
  await releases.rollback(name, wantedRevision(flags))
  print('Rollback was a success! Happy Helming!')
  return 0
}
