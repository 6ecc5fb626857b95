// `slipway chart verify FILE`: checks a packaged chart against its .prov file.
import { verifyFile } from '../../helmlike/package/locate.ts'
import { verifiedText } from '../../helmlike/package/provenance.ts'
import { type FlagTable, onlyArgument, parseFlags } from './flags/flags.ts'

export const FLAGS: FlagTable = { flags: { keyring: 'value' }, short: {} }

export async function run(argv: string[]): Promise<number> {
  const flags = parseFlags(argv, FLAGS)
  process.stdout.write(verifiedText(await verifyFile(onlyArgument(flags, 'verify FILE'), { keyring: flags.get('keyring') })))
  return 0
}
