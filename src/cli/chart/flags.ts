// Command-line flags of the chart verbs, in the forms that Helm's users know.

import { GLOBAL_FLAGS } from './global-flags.ts'

export interface Flags {
  /** Arguments that are no flags. */
  readonly args: readonly string[]
  has(name: string): boolean
  /** The last value given. */
  get(name: string): string | undefined
  all(name: string): readonly string[]
  /** Values in the order given, of several flags: [flag, value]. */
  readonly given: readonly (readonly [string, string])[]
}

export class FlagError extends Error {}

/** What each flag takes: `bool`, `value`, or `optional`: a value behind `=` only, alone it is ''. A short form maps to its long one. */
export interface FlagTable {
  readonly flags: { readonly [name: string]: 'bool' | 'value' | 'optional' }
  readonly short: { readonly [letter: string]: string }
}

/** Reads argv: `--name value`, `--name=value`, `-n value`, `-nvalue`. Throws FlagError. */
export function parseFlags(argv: readonly string[], table: FlagTable): Flags {
  const args: string[] = []
  const given: [string, string][] = []
  for (let i = 0; i < argv.length; i++) {
    const arg = argv[i] as string
    if (arg === '--') {
      args.push(...argv.slice(i + 1))
      break
    }
    if (!arg.startsWith('-') || arg === '-') {
      args.push(arg)
      continue
    }
    const [name, inline] = nameOf(arg, table)
    const kind = kindOf(name, table)
    if (!kind) throw new FlagError(Object.hasOwn(REFUSED, name) ? `--${name}: ${REFUSED[name]}` : `unknown flag: ${arg}`)
    if (kind === 'bool') given.push([name, inline ?? 'true'])
    else if (kind === 'optional') given.push([name, inline ?? ''])
    else if (inline !== undefined) given.push([name, inline])
    else {
      const value = argv[++i]
      if (value === undefined) throw new FlagError(`flag needs an argument: ${arg}`)
      given.push([name, value])
    }
  }
  const all = (name: string) => given.filter(([n]) => n === name).map(([, v]) => v)
  const get = (name: string) => all(name).at(-1)
  return { args, given, all, get, has: (name) => get(name) !== undefined && get(name) !== 'false' }
}

/** Flags of Helm that we know and do not take. */
const REFUSED: { readonly [flag: string]: string } = {
  'enable-dns': 'names are not resolved while a chart renders; getHostByName gives an empty text',
  verify: 'use slipway chart pull --verify, or slipway chart verify FILE, and install the file',
  keyring: 'use slipway chart pull --verify, or slipway chart verify FILE, and install the file',
  validate: 'use slipway chart install NAME CHART --dry-run=server',
}

function kindOf(name: string, table: FlagTable) {
  if (Object.hasOwn(table.flags, name)) return table.flags[name]
  return Object.hasOwn(GLOBAL_FLAGS, name) ? GLOBAL_FLAGS[name] : undefined
}

function nameOf(arg: string, table: FlagTable): [string, string | undefined] {
  if (arg.startsWith('--')) {
    const equals = arg.indexOf('=')
    return equals < 0 ? [arg.slice(2), undefined] : [arg.slice(2, equals), arg.slice(equals + 1)]
  }
  const long = table.short[arg[1] as string] ?? (arg[1] === 'n' ? 'namespace' : arg)
  const rest = arg.slice(2).replace(/^=/, '')
  return [long, rest === '' ? undefined : rest]
}

/** The flags that give values, shared by template, install and upgrade. */
export const VALUE_FLAGS: FlagTable = {
  flags: {
    values: 'value',
    set: 'value',
    'set-string': 'value',
    'set-json': 'value',
    'set-file': 'value',
    'set-literal': 'value',
  },
  short: { f: 'values' },
}
