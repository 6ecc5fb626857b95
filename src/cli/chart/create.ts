// `slipway chart create NAME`: a new chart to start from.
import { basename, dirname } from 'node:path'
import { createChart } from '../../helmlike/package/scaffold.ts'
import { parseFlags } from './flags.ts'

export async function run(argv: string[]): Promise<number> {
  const { args } = parseFlags(argv, { flags: {}, short: {} })
  const [path] = args
  if (path === undefined) throw new Error('use: slipway chart create NAME')
  process.stdout.write(`Created ${createChart(basename(path), dirname(path))}\n`)
  return 0
}
