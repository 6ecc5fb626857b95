import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { pluralOf } from '../../crd/authoring/custom-resource.ts'
import { definitionFiles, kindsOf } from '../types.ts'

const help = `slipway operator new: a small working operator to start from

  slipway operator new NAME     in the new folder NAME, for a kind of that name

  --kind KIND     default: NAME in CamelCase
  --group GROUP   the API group of the kind; default example.com

Example:
  slipway operator new web-shop --group shops.example.org && cd web-shop && slipway operator test
`

const scaffold = join(import.meta.dirname, '../../../scaffold/operator')

/** `slipway operator new`. */
export async function run(argv: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      kind: { type: 'string' },
      group: { type: 'string', default: 'example.com' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  const [name] = positionals
  if (values.help || !name) {
    process.stdout.write(help)
    return values.help ? 0 : 2
  }
  const names = namesOf(name, values.kind, values.group)
  if (existsSync(name)) throw new Error(`${name} is there already: choose another name`)
  mkdirSync(join(name, 'crds'), { recursive: true })
  for (const file of readdirSync(scaffold))
    writeFileSync(join(name, file), renamed(readFileSync(join(scaffold, file), 'utf8'), names))
  writeFileSync(join(name, '.gitignore'), 'node_modules/\ndist/\n')
  for (const [file, text] of definitionFiles(await kindsOf([join(name, 'operator.ts')])))
    writeFileSync(join(name, 'crds', file), text)
  process.stdout.write(
    `made ${name}/ for the kind ${names.kind}. Next:\n\n  cd ${name}\n  slipway operator test\n  slipway dev operator.ts\n`,
  )
  return 0
}

interface Names {
  readonly folder: string
  readonly kind: string
  readonly plural: string
  readonly group: string
}

/** Throws Error for names that no kind can have. */
export function namesOf(folder: string, kind: string | undefined, group: string): Names {
  if (!/^[a-z]([a-z0-9-]{0,40}[a-z0-9])?$/.test(folder))
    throw new Error(`${folder}: use lower-case letters, digits and dashes, at most 42`)
  const named = kind ?? folder.replace(/(^|-)([a-z0-9])/g, (_, __, letter: string) => letter.toUpperCase())
  if (!/^[A-Z][A-Za-z0-9]{0,62}$/.test(named)) throw new Error(`kind ${named}: use CamelCase letters and digits`)
  if (!/^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$/.test(group))
    throw new Error(`group ${group}: must be a domain name such as example.com`)
  return { folder, kind: named, plural: pluralOf(named), group }
}

/** The scaffold's text with the new names: plain words first, so that none is taken for part of another. */
const renamed = (text: string, { folder, kind, plural, group }: Names): string =>
  text.replaceAll('greeters', plural).replaceAll('Greeter', kind).replaceAll('greeter', folder).replaceAll('example.com', group)
