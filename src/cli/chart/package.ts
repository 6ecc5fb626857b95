// `slipway chart package CHART…`: writes .tgz files, the same bytes every time.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { missingDependencies } from '../../helmlike/chart/dependencies.ts'
import { loadChart } from '../../helmlike/chart/load.ts'
import { validated } from '../../helmlike/chart/metadata.ts'
import { archiveName, packageChart } from '../../helmlike/package/archive.ts'
import { FlagError, type FlagTable, parseFlags } from './flags/flags.ts'
import { ACCESS_FLAGS, accessOptions } from './flags/locate.ts'

export const FLAGS: FlagTable = {
  flags: {
    ...ACCESS_FLAGS,
    'plain-http': 'bool',
    destination: 'value',
    version: 'value',
    'app-version': 'value',
    sign: 'bool',
    key: 'value',
    keyring: 'value',
    'passphrase-file': 'value',
    'dependency-update': 'bool',
  },
  short: { d: 'destination', u: 'dependency-update' },
}

export async function run(argv: string[]): Promise<number> {
  const flags = parseFlags(argv, FLAGS)
  if (flags.args.length === 0) throw new FlagError('need at least one argument, the path to the chart')
  if (flags.has('sign') && !flags.get('key')) throw new FlagError('--key is required for signing a package')
  const destination = flags.get('destination') ?? '.'
  const epoch = process.env.SOURCE_DATE_EPOCH
  for (const path of flags.args) {
    if (flags.has('dependency-update'))
      await (await import('../../helmlike/package/dependency-build.ts')).updateDependencies(path, new Date(), {
        ...accessOptions(flags),
        plainHttp: flags.has('plain-http'),
      })
    if (!existsSync(path)) throw new Error(`${path}: no such chart`)
    const chart = loadChart(path)
    chart.metadata = validated({
      ...chart.metadata,
      version: flags.get('version') ?? chart.metadata.version,
      appVersion: flags.get('app-version') ?? chart.metadata.appVersion,
    })
    const missing = missingDependencies(chart)
    if (missing.length > 0) throw new Error(`found in Chart.yaml, but missing in charts/ directory: ${missing.join(', ')}`)
    const archive = epoch === undefined ? packageChart(chart) : packageChart(chart, Number(epoch))
    const file = join(destination, archiveName(chart))
    mkdirSync(destination, { recursive: true })
    writeFileSync(file, archive)
    if (flags.has('sign')) {
      const { sign } = await import('../../helmlike/package/provenance.ts')
      const keys = { key: flags.get('key'), keyring: flags.get('keyring'), passphraseFile: flags.get('passphrase-file') }
      writeFileSync(`${file}.prov`, await sign(chart, archive, file, keys))
    }
    process.stdout.write(`Successfully packaged chart and saved it to: ${file}\n`)
  }
  return 0
}
