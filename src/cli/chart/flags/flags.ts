// Command-line flags of the chart verbs, in the forms that Helm's users know.
import { nearest } from '../../../helmlike/render/nearest.ts'
import { printError } from '../../print.ts'
import { GLOBAL_FLAGS, GLOBAL_SHORT } from './global-flags.ts'

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

/** A command line that is not understood; `hint` says what was probably meant. */
export class FlagError extends Error {
  readonly hint: string | undefined
  constructor(message: string, hint?: string) {
    super(message)
    this.name = 'FlagError'
    this.hint = hint
  }
}

/** `optional` is a value behind `=` only, alone it is ''. */
type FlagKind = 'bool' | 'value' | 'int' | 'float' | 'color' | 'optional'

/** What each flag takes. A short form maps to its long one; a `deprecated` name to the flag, maybe with `=value`, that replaces it. */
export interface FlagTable {
  readonly flags: { readonly [name: string]: FlagKind }
  readonly short: { readonly [letter: string]: string }
  readonly deprecated?: { readonly [name: string]: string }
}

/** The tables of a verb that has verbs of its own. */
export interface Family {
  readonly [verb: string]: FlagTable
}

/** Reads argv: `--name value`, `--name=value`, `-n value`, `-nvalue`, `-qA`. Throws FlagError. */
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
    for (const { name, inline, written } of flagsIn(arg, table)) {
      const kind = kindOf(name, table) as FlagKind
      const value = inline ?? (kind === 'bool' ? 'true' : kind === 'optional' ? '' : argv[++i])
      if (value === undefined)
        throw new FlagError(`flag needs an argument: ${written.startsWith('--') ? written : `${quoted(written[1])} in ${arg}`}`)
      check(kind, value, name, table)
      given.push([name, value])
    }
  }
  const all = (name: string) => given.filter(([n]) => n === name).map(([, v]) => v)
  const get = (name: string) => all(name).at(-1)
  return { args, given, all, get, has: (name) => get(name) !== undefined && !FALSE.has(get(name) as string) }
}

/** The verb of a family and its flags; `aliases` are other names of its verbs, `fallback` is the verb where none is named. Throws FlagError. */
export function parseFamily(
  argv: readonly string[],
  family: Family,
  usage: string,
  aliases: { readonly [alias: string]: string } = {},
  fallback?: string,
): { verb: string; flags: Flags } {
  const union: FlagTable = {
    flags: Object.assign({}, ...Object.values(family).map((t) => t.flags)),
    short: Object.assign({}, ...Object.values(family).map((t) => t.short)),
  }
  const said = parseFlags(argv, union).args[0]
  const named = said !== undefined && Object.hasOwn(aliases, said) ? aliases[said] : said
  if (named !== undefined && Object.hasOwn(family, named)) {
    const flags = parseFlags(argv, family[named] as FlagTable)
    return { verb: named, flags: { ...flags, args: flags.args.slice(1) } }
  }
  if (fallback !== undefined) return { verb: fallback, flags: parseFlags(argv, family[fallback] as FlagTable) }
  if (said === undefined) throw new FlagError(`use: slipway chart ${usage}`)
  const near = nearest(said, Object.keys(family))
  throw new FlagError(
    `there is no ${quoted(said)}: use slipway chart ${usage}`,
    near === undefined ? undefined : `did you mean ${near}?`,
  )
}

const FALSE: ReadonlySet<string> = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False'])
const TRUE: ReadonlySet<string> = new Set(['1', 't', 'T', 'true', 'TRUE', 'True'])
const quoted = (text: string | undefined) => `'${text ?? ''}'`

interface Written {
  readonly name: string
  readonly inline: string | undefined
  /** As the user wrote it: --name or -n. */
  readonly written: string
}

/** The flags that one argument holds: several short ones may stand together. */
function flagsIn(arg: string, table: FlagTable): Written[] {
  if (arg.startsWith('--')) {
    const equals = arg.indexOf('=')
    const written = equals < 0 ? arg : arg.slice(0, equals)
    return [longFlag(written, equals < 0 ? undefined : arg.slice(equals + 1), table)]
  }
  const found: Written[] = []
  for (let i = 1; i < arg.length; i++) {
    const letter = arg[i] as string
    const name = table.short[letter] ?? GLOBAL_SHORT[letter]
    if (name === undefined) throw new FlagError(`unknown shorthand flag: ${quoted(letter)} in ${arg}`)
    const rest = arg.slice(i + 1)
    const hasValue = rest !== '' && (rest.startsWith('=') || kindOf(name, table) !== 'bool')
    found.push({ name, inline: hasValue ? rest.replace(/^=/, '') : undefined, written: `-${letter}` })
    if (hasValue) break
  }
  return found
}

function longFlag(written: string, inline: string | undefined, table: FlagTable): Written {
  const name = written.slice(2)
  if (kindOf(name, table)) return { name, inline, written }
  const replacement = table.deprecated && Object.hasOwn(table.deprecated, name) ? table.deprecated[name] : undefined
  if (replacement === undefined) throw unknownFlag(written, table)
  void printError(`Flag ${written} has been deprecated, use --${replacement} instead\n`)
  const [to = '', value] = replacement.split('=')
  return { name: to, inline: value ?? inline, written }
}

function unknownFlag(written: string, table: FlagTable): FlagError {
  const name = written.slice(2)
  const known = [...Object.keys(table.flags), ...Object.keys(GLOBAL_FLAGS)]
  const near = known.find((k) => name !== '' && k.startsWith(name)) ?? nearest(name, known)
  return new FlagError(`unknown flag: ${written}`, near === undefined ? undefined : `did you mean --${near}?`)
}

/** Go's words where a value is not of the flag's kind. */
function check(kind: FlagKind, value: string, name: string, table: FlagTable): void {
  const wrong = (call: string) => {
    const short = Object.keys(table.short).find((letter) => table.short[letter] === name)
    const flag = short === undefined ? `--${name}` : `-${short}, --${name}`
    throw new FlagError(
      `invalid argument ${JSON.stringify(value)} for ${JSON.stringify(flag)} flag: ${call}: parsing ${JSON.stringify(value)}: invalid syntax`,
    )
  }
  if (kind === 'bool' && !TRUE.has(value) && !FALSE.has(value)) wrong('strconv.ParseBool')
  if (kind === 'int' && !/^[+-]?\d+$/.test(value)) wrong('strconv.ParseInt')
  if (kind === 'float' && !/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(value)) wrong('strconv.ParseFloat')
  if (kind === 'color' && !/^(?:never|auto|always)$/.test(value))
    throw new FlagError(`invalid color mode ${JSON.stringify(value)}: must be one of: never, auto, always`)
}

function kindOf(name: string, table: FlagTable): FlagKind | undefined {
  if (Object.hasOwn(table.flags, name)) return table.flags[name]
  return Object.hasOwn(GLOBAL_FLAGS, name) ? GLOBAL_FLAGS[name] : undefined
}

/** The argument at `i`, or an error that shows how the verb is used. */
export function argument(flags: Flags, i: number, usage: string): string {
  const found = flags.args[i]
  if (found === undefined) throw new FlagError(`use: slipway chart ${usage}`)
  return found
}

/** The one argument that a verb takes. Throws FlagError for none, and for more. */
export function onlyArgument(flags: Flags, usage: string): string {
  const [found] = flags.args
  if (found === undefined || flags.args.length > 1)
    throw new FlagError(
      `${JSON.stringify(`slipway chart ${usage.split(' ')[0]}`)} requires 1 argument`,
      `use slipway chart ${usage}`,
    )
  return found
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
