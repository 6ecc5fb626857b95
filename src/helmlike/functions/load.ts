// The function table of Helm and the loading of its families. What nearly every chart calls is loaded at once.
import { BUILTINS } from '../gotemplate/builtins.ts'
import { FunctionTable, type Implementation } from '../gotemplate/function-table.ts'
import { defaults } from './defaults.ts'
import { dicts } from './dicts.ts'
import { encoding } from './encoding.ts'
import { helm } from './helm.ts'
import { lists } from './lists.ts'
import { math } from './math.ts'
import { FAMILIES } from './signatures.ts'
import { strings } from './strings.ts'

type Family = { readonly [name: string]: Implementation }

const LAZY: { readonly [family: string]: () => Promise<Family> } = {
  wordcase: async () => (await import('./wordcase.ts')).wordcase,
  toml: async () => (await import('./toml/toml.ts')).toml,
  hashes: async () => (await import('./crypto/hashes.ts')).hashes,
  random: async () => (await import('./random.ts')).random,
  crypto: async () => (await import('./crypto/crypto.ts')).crypto,
  semver: async () => (await import('./semver.ts')).semver,
  regex: async () => (await import('./regex/regex.ts')).regex,
  paths: async () => (await import('./paths.ts')).paths,
  urls: async () => (await import('./urls.ts')).urls,
  dates: async () => (await import('./dates/dates.ts')).dates,
}

/** All functions a chart may call. */
export const functions = new FunctionTable(FAMILIES)
for (const family of [BUILTINS, helm, strings, lists, dicts, math, defaults, encoding]) functions.provide(family)

/** Families worth loading as soon as a chart names one of their functions. Many name those of `crypto`, and few call them. */
export const EAGER: ReadonlySet<string> = new Set(Object.keys(LAZY).filter((family) => family !== 'crypto'))

/** Loads a family that a template asked for. */
export async function loadFamily(name: string): Promise<void> {
  if (name === 're2') return (await import('./regex/regex.ts')).loadRe2()
  const load = LAZY[name]
  if (!load) throw new TypeError(`there is no function family ${name}`)
  functions.provide(await load())
}
