// `slipway chart verify FILE`: checks a packaged chart against its .prov file.
import { readFileSync } from 'node:fs'
import { verify } from '../../helmlike/package/provenance.ts'
import { parseFlags } from './flags.ts'

export async function run(argv: string[]): Promise<number> {
  const flags = parseFlags(argv, { flags: { keyring: 'value' }, short: {} })
  const [file] = flags.args
  if (file === undefined) throw new Error('a path to a package file is required')
  const signer = await verify(readFileSync(file), file, readFileSync(`${file}.prov`, 'utf8'), { keyring: flags.get('keyring') })
  process.stdout.write(`Signed by: ${signer}\nChart hash verified.\n`)
  return 0
}
