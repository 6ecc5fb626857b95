// Which program a plugin starts on a machine, and with what.
import { ChartError } from '../chart/chart.ts'
import type { PlatformCommand } from './metadata.ts'

/** In Go's names. */
interface Platform {
  readonly os: string
  readonly arch: string
}
type Variables = Readonly<Record<string, string | undefined>>

const GO_OS: { readonly [platform: string]: string } = { win32: 'windows' }
const GO_ARCH: { readonly [arch: string]: string } = { x64: 'amd64', ia32: '386' }

/** Node's names of a machine as Go's. */
export const platformOf = (os: string, arch: string): Platform => ({ os: GO_OS[os] ?? os, arch: GO_ARCH[arch] ?? arch })

/** The command of this system and architecture, else the first of this system, else the first for all. */
export function commandFor(commands: readonly PlatformCommand[], { os, arch }: Platform): PlatformCommand | undefined {
  const is = (a: string, b: string) => a.toLowerCase() === b.toLowerCase()
  return (
    commands.find((c) => is(c.os, os) && is(c.arch, arch)) ??
    commands.find((c) => is(c.os, os) && c.arch === '') ??
    commands.find((c) => c.os === '' && c.arch === '')
  )
}

/** Program and arguments; `more` come last. Throws ChartError where no command is for this machine. */
export function prepared(
  commands: readonly PlatformCommand[],
  platform: Platform,
  variables: Variables,
  { expand, more = [] }: { readonly expand: boolean; readonly more?: readonly string[] },
): { readonly program: string; readonly args: readonly string[] } {
  const chosen = commandFor(commands, platform)
  const [program = '', ...words] = chosen?.command.split(' ') ?? []
  if (program === '') throw new ChartError('no plugin command is applicable')
  const args = [...words, ...(chosen?.args ?? [])]
  return { program: expanded(program, variables), args: [...(expand ? args.map((a) => expanded(a, variables)) : args), ...more] }
}

/** $NAME and ${NAME}, as Go's os.Expand puts them in. */
export const expanded = (text: string, variables: Variables): string =>
  text.replace(
    /\$(?:\{([^}]*)\}|([A-Za-z_]\w*|[0-9*#$@!?-]))/g,
    (_, braced?: string, bare?: string) => variables[braced ?? bare ?? ''] ?? '',
  )
