// `slipway chart pull CHART…`: downloads charts, verifies and unpacks them if asked to.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { readArchive } from '../../helmlike/chart/archive.ts'
import type { ChartFile } from '../../helmlike/chart/chart.ts'
import { chartFromFiles } from '../../helmlike/chart/load.ts'
import { downloadName, type Found, fetchChart, provenanceOf, verifyFound } from '../../helmlike/package/locate.ts'
import { FlagError, type Flags, type FlagTable, parseFlags } from './flags/flags.ts'
import { CHART_FLAGS, locateOptions } from './flags/locate.ts'

export const FLAGS: FlagTable = {
  flags: { ...CHART_FLAGS.flags, destination: 'value', untar: 'bool', untardir: 'value', prov: 'bool' },
  short: { d: 'destination' },
}

export async function run(argv: string[]): Promise<number> {
  const flags = parseFlags(argv, FLAGS)
  if (flags.args.length === 0)
    throw new FlagError('"slipway chart pull" requires at least 1 argument', 'use slipway chart pull CHART…')
  for (const reference of flags.args) await pull(reference, flags)
  return 0
}

async function pull(reference: string, flags: Flags): Promise<void> {
  const found = await fetchChart(reference, locateOptions(flags))
  const files = readArchive(found.archive)
  const chart = chartFromFiles(files)
  const folder = flags.get('destination') ?? '.'
  const name = downloadName(found, chart)
  const provenance = await signature(reference, found, flags)
  if (flags.has('untar')) return unpack(files, chart.metadata.name, folder, flags.get('untardir') ?? '.')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, name), found.archive)
  if (provenance !== undefined) writeFileSync(join(folder, `${name}.prov`), provenance)
}

/** The provenance file, if it is asked for: checked with --verify, and nothing to fail for with --prov alone. */
async function signature(reference: string, found: Found, flags: Flags): Promise<string | undefined> {
  if (flags.has('verify')) {
    const { verifiedText } = await import('../../helmlike/package/provenance.ts')
    process.stdout.write(verifiedText(await verifyFound(found, { keyring: flags.get('keyring') })))
    return provenanceOf(found)
  }
  if (!flags.has('prov')) return undefined
  try {
    return await provenanceOf(found)
  } catch (e) {
    process.stdout.write(`WARNING: Verification not found for ${reference}: ${(e as Error).message}\n`)
    return undefined
  }
}

function unpack(files: readonly ChartFile[], chart: string, folder: string, untardir: string): void {
  const root = join(isAbsolute(untardir) ? untardir : join(folder, untardir), chart)
  if (existsSync(root)) throw new Error(`failed to untar: a file or directory with the name ${root} already exists`)
  for (const f of files) {
    const path = join(root, f.name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, f.data)
  }
}
