// What a verb shows: a table for people, JSON or YAML for programs (-o).

import type { ReleaseRecord } from '../../helmlike/release/record.ts'
import { toYaml } from '../../helmlike/yaml/emit.ts'
import { fromPlain } from '../../helmlike/yaml/json.ts'
import { print } from '../print.ts'
import type { Flags } from './flags.ts'

/** Prints `data` as -o says, or else `text`. Throws Error for a format that there is none of. */
export function show(flags: Flags, data: unknown, text: () => string): Promise<void> {
  const format = flags.get('output') ?? 'table'
  if (format === 'json') return print(`${JSON.stringify(data)}\n`)
  if (format === 'yaml') return print(toYaml(fromPlain(data)))
  if (format !== 'table') throw new Error(`invalid format type ${JSON.stringify(format)}: use -o table, json or yaml`)
  const shown = text()
  return print(shown.endsWith('\n') ? shown : `${shown}\n`)
}

/** Rows of a table as objects: `APP VERSION` is `app_version`. */
export function objects(heading: readonly string[], rows: readonly (readonly string[])[]): { [name: string]: string }[] {
  const names = heading.map((h) => h.toLowerCase().replaceAll(' ', '_'))
  return rows.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i] ?? ''])))
}

/** A release as Helm prints it for programs: without the chart's files. */
export function releaseData(r: ReleaseRecord): object {
  const { name, info, config, manifest, version, namespace } = r
  return { name, info, config, manifest, version, namespace }
}
