import { type Expr, walk } from './ast.ts'
import type { Checked } from './checker.ts'
import { formatIssues } from './format-check.ts'
import { pattern } from './library/patterns.ts'
import { parseDuration, parseTimestamp } from './library/time-text.ts'
import type { Issue } from './source.ts'
import { type CelType, DYN, isEquivalentType } from './types.ts'
import { CelError } from './values.ts'

/** What is wrong with literals: durations, times and patterns that are none, formats, and lists and maps of mixed types. */
export function validateLiterals(checked: Checked): Issue[] {
  const issues: Issue[] = []
  walk(checked.expr, (expr, ancestors) => {
    if (expr.kind === 'call') issues.push(...literalArgument(expr), ...formatIssues(expr, checked))
    const exempt = ancestors.some((ancestor) => ancestor.kind === 'call' && ancestor.fn === 'format')
    if (!exempt && expr.kind === 'list') issues.push(...mixedList(expr, checked))
    if (!exempt && expr.kind === 'map') issues.push(...mixedMap(expr, checked))
  })
  return issues
}

const PARSERS: Readonly<Record<string, (text: string) => boolean>> = {
  duration: (text) => parseDuration(text) !== undefined,
  timestamp: (text) => succeeds(() => parseTimestamp(text) !== undefined),
  matches: (text) => succeeds(() => pattern(text) !== undefined),
}

function succeeds(run: () => boolean): boolean {
  try {
    return run()
  } catch (error) {
    if (error instanceof CelError) return false
    throw error
  }
}

function literalArgument(call: Expr & { kind: 'call' }): Issue[] {
  const parses = Object.hasOwn(PARSERS, call.fn) ? PARSERS[call.fn] : undefined
  const arg = call.args[0]
  if (parses === undefined || arg?.kind !== 'literal' || typeof arg.value !== 'string' || parses(arg.value)) return []
  return [{ pos: arg.pos, message: `invalid ${call.fn} argument` }]
}

const typeOf = (expr: Expr, checked: Checked, optional: boolean): CelType => {
  const type = checked.types.get(expr.id) ?? DYN
  return optional ? (type.params[0] ?? DYN) : type
}

const mismatch = (expr: Expr, expected: CelType, actual: CelType): Issue => ({
  pos: expr.pos,
  message: `expected type '${expected}' but found '${actual}'`,
})

function mixedList(list: Expr & { kind: 'list' }, checked: Checked): Issue[] {
  const types = list.elements.map((element, i) => typeOf(element, checked, list.optional.has(i)))
  const first = types[0]
  const other = first === undefined ? -1 : types.findIndex((type) => !isEquivalentType(first, type))
  return other === -1 ? [] : [mismatch(list.elements[other] as Expr, first as CelType, types[other] as CelType)]
}

function mixedMap(map: Expr & { kind: 'map' }, checked: Checked): Issue[] {
  const [first, ...rest] = map.entries
  if (first === undefined) return []
  const key = typeOf(first.key, checked, false)
  const value = typeOf(first.value, checked, first.optional)
  return rest.flatMap((entry) => {
    const keyType = typeOf(entry.key, checked, false)
    const valueType = typeOf(entry.value, checked, entry.optional)
    return [
      ...(isEquivalentType(key, keyType) ? [] : [mismatch(entry.key, key, keyType)]),
      ...(isEquivalentType(value, valueType) ? [] : [mismatch(entry.value, value, valueType)]),
    ]
  })
}
