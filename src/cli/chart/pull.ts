// `slipway chart pull CHART`: downloads a chart, verifies and unpacks it if asked to.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { readArchive } from '../../helmlike/chart/archive.ts'
import { chartFromFiles } from '../../helmlike/chart/load.ts'
import { archiveName } from '../../helmlike/package/archive.ts'
import { fetchChart } from '../../helmlike/package/locate.ts'
import { type FlagTable, parseFlags } from './flags.ts'
import { LOCATE_FLAGS, locateOptions } from './locate.ts'

const FLAGS: FlagTable = {
  flags: {
    ...LOCATE_FLAGS.flags,
    destination: 'value',
    untar: 'bool',
    untardir: 'value',
    verify: 'bool',
    prov: 'bool',
    keyring: 'value',
  },
  short: { d: 'destination' },
}

export async function run(argv: string[]): Promise<number> {
  const flags = parseFlags(argv, FLAGS)
  const [reference] = flags.args
  if (reference === undefined) throw new Error('use: slipway chart pull CHART')
  const found = await fetchChart(reference, locateOptions(flags))
  const files = readArchive(found.archive)
  const chart = chartFromFiles(files)
  const folder = flags.get('destination') ?? '.'
  const file = join(folder, archiveName(chart))
  if (flags.has('verify') || flags.has('prov')) {
    if (!found.provenance) throw new Error(`${reference} has no provenance file`)
    const provenance = (await found.provenance()).toString('utf8')
    if (flags.has('verify')) {
      const { verify } = await import('../../helmlike/package/provenance.ts')
      process.stdout.write(`Signed by: ${await verify(found.archive, file, provenance, { keyring: flags.get('keyring') })}\n`)
    }
    mkdirSync(folder, { recursive: true })
    writeFileSync(`${file}.prov`, provenance)
  }
  mkdirSync(folder, { recursive: true })
  if (!flags.has('untar')) writeFileSync(file, found.archive)
  else {
    for (const f of files) {
      const path = join(flags.get('untardir') ?? folder, chart.metadata.name, f.name)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, f.data)
    }
  }
  return 0
}
