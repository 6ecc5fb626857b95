import type { Expr } from './ast.ts'
import type { Checked } from './checker.ts'
import { type Clause, clauseComplaint, parseFormat } from './library/string-format.ts'
import type { Issue } from './source.ts'
import { type CelKind, type CelType, DYN } from './types.ts'
import { CelError } from './values.ts'

const TAKES: Readonly<Record<string, readonly CelKind[]>> = {
  s: ['list', 'map', 'int', 'uint', 'double', 'bool', 'string', 'timestamp', 'bytes', 'duration', 'type', 'null', 'dyn'],
  d: ['int', 'uint', 'dyn'],
  f: ['double', 'string', 'dyn'],
  e: ['double', 'string', 'dyn'],
  b: ['int', 'uint', 'bool', 'dyn'],
  x: ['int', 'uint', 'string', 'bytes', 'dyn'],
  o: ['int', 'uint', 'dyn'],
}

/** What is wrong with `'…'.format([…])`, where both are literals. */
export function formatIssues(call: Expr & { kind: 'call' }, checked: Checked): Issue[] {
  const [args] = call.args
  const format = call.target
  if (call.fn !== 'format' || call.args.length !== 1 || args?.kind !== 'list') return []
  if (format?.kind !== 'literal' || typeof format.value !== 'string') return []
  try {
    const clauses = parseFormat(format.value).filter((part): part is Clause => typeof part !== 'string')
    for (const [i, clause] of clauses.entries()) {
      const arg = args.elements[i]
      if (arg === undefined) return [{ pos: call.pos, message: `index ${i} out of range` }]
      const wrong = unfit(arg, clause.letter, checked)
      if (wrong !== undefined) return [wrong]
    }
    if (args.elements.length <= clauses.length) return []
    const counts = `(expected ${clauses.length}, got ${args.elements.length})`
    return [{ pos: call.pos, message: `too many arguments supplied to string.format ${counts}` }]
  } catch (error) {
    if (error instanceof CelError) return [{ pos: call.pos, message: error.message }]
    throw error
  }
}

function unfit(arg: Expr, letter: string, checked: Checked): Issue | undefined {
  const type: CelType = checked.types.get(arg.id) ?? DYN
  const kinds = TAKES[letter.toLowerCase()] as readonly CelKind[]
  if (!kinds.includes(type.kind)) {
    return { pos: arg.pos, message: `error during formatting: ${clauseComplaint(letter)}, was given ${type.name}` }
  }
  if (letter !== 's') return undefined
  const parts =
    arg.kind === 'list' ? arg.elements : arg.kind === 'map' ? arg.entries.flatMap(({ key, value }) => [key, value]) : []
  return parts.map((part) => unfit(part, letter, checked)).find((issue) => issue !== undefined)
}
