// `slipway chart create NAME`: a new chart to start from.
import { basename, dirname } from 'node:path'
import { helmPaths } from '../../helmlike/package/helm-paths.ts'
import { createChart, createFromStarter } from '../../helmlike/package/scaffold.ts'
import { type FlagTable, onlyArgument, parseFlags } from './flags/flags.ts'

export const FLAGS: FlagTable = { flags: { starter: 'value' }, short: { p: 'starter' } }

export async function run(argv: string[]): Promise<number> {
  const flags = parseFlags(argv, FLAGS)
  const path = onlyArgument(flags, 'create NAME')
  const [name, folder, starter] = [basename(path), dirname(path), flags.get('starter')]
  const made = starter === undefined ? createChart(name, folder) : createFromStarter(name, folder, helmPaths().starter(starter))
  process.stdout.write(`Created ${made}\n`)
  return 0
}
