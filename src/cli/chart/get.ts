// `slipway chart get values|manifest|hooks|notes NAME`: what a release is made of.

import { computedValues, type ReleaseRecord } from '../../helmlike/release/record.ts'
import { toYaml } from '../../helmlike/yaml/emit.ts'
import { fromPlain } from '../../helmlike/yaml/json.ts'
import { show } from './output.ts'
import { argument, connect, print } from './release.ts'

const PARTS: { readonly [what: string]: (r: ReleaseRecord) => string } = {
  manifest: (r) => r.manifest,
  hooks: (r) => (r.hooks ?? []).map((h) => `---\n# Source: ${h.path}\n${h.manifest}\n`).join(''),
  notes: (r) => r.info.notes ?? '',
}

export async function run(argv: string[]): Promise<number> {
  const { flags, releases } = await connect('get', argv)
  const what = argument(flags, 0, 'get values|manifest|hooks|notes NAME')
  const part = Object.hasOwn(PARTS, what) ? PARTS[what] : undefined
  if (!part && what !== 'values') throw new Error(`use: slipway chart get values|${Object.keys(PARTS).join('|')} NAME`)
  const revision = flags.get('revision')
  const r = await releases.revision(argument(flags, 1, 'get … NAME'), revision === undefined ? undefined : Number(revision))
  if (what === 'values') {
    const values = flags.has('all') ? computedValues(r) : r.config
    await show(flags, values, () => `${flags.has('all') ? 'COMPUTED' : 'USER-SUPPLIED'} VALUES:\n${toYaml(fromPlain(values))}`)
  } else if (part) print(part(r))
  return 0
}
