// `slipway chart get values|manifest|hooks|notes NAME`: what a release is made of.

import type { ReleaseRecord } from '../../helmlike/release/record.ts'
import { toYaml } from '../../helmlike/yaml/emit.ts'
import { fromPlain } from '../../helmlike/yaml/json.ts'
import { show } from './output.ts'
import { argument, connect, print } from './release.ts'

const PARTS: { readonly [what: string]: (r: ReleaseRecord) => string } = {
  values: (r) => toYaml(fromPlain(r.config)),
  manifest: (r) => r.manifest,
  hooks: (r) => (r.hooks ?? []).map((h) => `---\n# Source: ${h.path}\n${h.manifest}\n`).join(''),
  notes: (r) => r.info.notes ?? '',
}

export async function run(argv: string[]): Promise<number> {
  const { flags, releases } = await connect('get', argv)
  const what = argument(flags, 0, 'get values|manifest|hooks|notes NAME')
  const part = Object.hasOwn(PARTS, what) ? PARTS[what] : undefined
  if (!part) throw new Error(`use: slipway chart get ${Object.keys(PARTS).join('|')} NAME`)
  const revision = flags.get('revision')
  const r = await releases.revision(argument(flags, 1, 'get … NAME'), revision === undefined ? undefined : Number(revision))
  if (what === 'values' && flags.has('output')) await show(flags, r.config, () => part(r))
  else print(part(r))
  return 0
}
