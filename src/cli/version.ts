import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const help = `slipway version: print the version of Slipway, of the Kubernetes API it serves, and of Node

  -o json   for programs

Examples:
  slipway version
  slipway version -o json
`

/** `slipway version`. */
export async function run(argv: string[]): Promise<number> {
  const options = { output: { type: 'string', short: 'o' }, help: { type: 'boolean', short: 'h' } } as const
  const { values } = parseArgs({ args: argv, options })
  if (values.help) {
    process.stdout.write(help)
    return 0
  }
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as { version: string }
  const facts = { slipway: version, kubernetes: 'v1.36.3', node: process.version }
  process.stdout.write(
    values.output === 'json'
      ? `${JSON.stringify(facts)}\n`
      : `slipway ${version} (Kubernetes API ${facts.kubernetes}, Node ${facts.node})\n`,
  )
  return 0
}
