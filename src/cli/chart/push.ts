// `slipway chart push FILE oci://HOST/PATH`: a packaged chart into an OCI registry.
import { existsSync, readFileSync } from 'node:fs'
import { readArchive } from '../../helmlike/chart/archive.ts'
import { chartFromFiles } from '../../helmlike/chart/load.ts'
import { pushChart } from '../../helmlike/package/oci.ts'
import { FlagError, type FlagTable, parseFlags } from './flags/flags.ts'
import { ACCESS_FLAGS, accessOptions } from './flags/locate.ts'

export const FLAGS: FlagTable = { flags: { ...ACCESS_FLAGS, 'plain-http': 'bool' }, short: {} }

export async function run(argv: string[]): Promise<number> {
  const flags = parseFlags(argv, FLAGS)
  const [file, target] = flags.args
  if (file === undefined || target === undefined || flags.args.length > 2)
    throw new FlagError('use: slipway chart push FILE oci://HOST/PATH')
  const archive = readFileSync(file)
  const chart = chartFromFiles(readArchive(archive))
  const provenance = existsSync(`${file}.prov`) ? readFileSync(`${file}.prov`) : undefined
  const options = { ...accessOptions(flags), plainHttp: flags.has('plain-http') }
  process.stdout.write(`Pushed: ${await pushChart(target, chart, archive, provenance, options)}\n`)
  return 0
}
