// What a verb shows: a table for people, JSON or YAML for programs (-o).
import { toYaml } from '../../../helmlike/yaml/emit.ts'
import { fromPlain } from '../../../helmlike/yaml/json.ts'
import { print } from '../../print.ts'
import { FlagError, type Flags } from '../flags/flags.ts'

export const OUTPUT_FLAGS = { flags: { output: 'value' }, short: { o: 'output' } } as const

/** What -o says. Throws FlagError for a format that there is none of. */
export function formatOf(flags: Flags): 'table' | 'json' | 'yaml' {
  const format = flags.get('output') ?? 'table'
  if (format === 'json' || format === 'yaml' || format === 'table') return format
  throw new FlagError(
    `invalid argument ${JSON.stringify(format)} for "-o, --output" flag: invalid format type`,
    'use -o table, json or yaml',
  )
}

/** Prints `data` as -o says, or else `text`. Throws FlagError for a format that there is none of. */
export function show(flags: Flags, data: unknown, text: () => string): Promise<void> {
  const format = formatOf(flags)
  if (format === 'json') return print(`${goJson(data)}\n`)
  if (format === 'yaml') return print(toYaml(fromPlain(data)))
  const shown = text()
  return print(shown.endsWith('\n') ? shown : `${shown}\n`)
}

const ESCAPED: { readonly [letter: string]: string } = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
}

/** JSON as Go's encoder writes it: what has a meaning in HTML is escaped. */
const goJson = (data: unknown) => JSON.stringify(data).replace(/[<>&\u2028\u2029]/g, (letter) => ESCAPED[letter] as string)

/** Rows of a table as objects: `APP VERSION` is `app_version`. */
export function objects(heading: readonly string[], rows: readonly (readonly string[])[]): { [name: string]: string }[] {
  const names = heading.map((h) => h.toLowerCase().replaceAll(' ', '_'))
  return rows.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i] ?? ''])))
}
