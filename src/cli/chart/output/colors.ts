// --color: what Helm colours where people read: the state of a release, its namespace, the heading of a list.
import type { Status } from '../../../helmlike/release/record.ts'
import type { Flags } from '../flags/flags.ts'

export interface Colors {
  status(status: Status): string
  namespace(name: string): string
  heading(text: string): string
}

const asItIs = (text: string) => text
const PLAIN: Colors = { status: asItIs, namespace: asItIs, heading: asItIs }
const painted = (color: number, text: string) => `\u001b[${color}m${text}\u001b[0m`
const [RED, GREEN, YELLOW, CYAN] = [31, 32, 33, 36]

const STATES: { readonly [status: string]: number } = {
  deployed: GREEN,
  failed: RED,
  unknown: RED,
  uninstalling: YELLOW,
  'pending-install': YELLOW,
  'pending-upgrade': YELLOW,
  'pending-rollback': YELLOW,
}
const PAINTED: Colors = {
  status: (status) => {
    const color = STATES[status]
    return color === undefined ? status : painted(color, status)
  },
  namespace: (name) => painted(CYAN, name),
  heading: (text) => `\u001b[1m${text}\u001b[22m`,
}

/** None with NO_COLOR; else as the flag says, or the environment: never, always, or (auto) where a terminal shows them. */
export function colorsOf(flags: Flags, env: NodeJS.ProcessEnv, isTerminal: boolean): Colors {
  const given = flags.given.findLast(([name]) => name === 'color' || name === 'colour')?.[1]
  const mode = given ?? /^(?:never|always)$/i.exec(env.HELM_COLOR ?? '')?.[0].toLowerCase()
  if (env.NO_COLOR || mode === 'never') return PLAIN
  return mode === 'always' || (isTerminal && env.TERM !== 'dumb') ? PAINTED : PLAIN
}

/** For what is printed to standard output. */
export const colors = (flags: Flags): Colors => colorsOf(flags, process.env, process.stdout.isTTY === true)

/** How many letters of a text are seen. */
export const shownLength = (text: string): number => {
  return [...text.replace(/\u001b\[[\d;]*m/g, '')].length
}
