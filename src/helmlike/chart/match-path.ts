// Go's filepath.Match and the globs of .Files.Glob, matched in time proportional to pattern × path.
import { ChartError } from './chart.ts'

type Part =
  | { readonly kind: 'char'; readonly ch: string }
  | { readonly kind: 'any' }
  | { readonly kind: 'set'; readonly negate: boolean; readonly ranges: readonly (readonly [string, string])[] }
  | { readonly kind: 'star'; readonly crosses: boolean }

function readSet(pattern: string, from: number, negations: string): [Part, number] {
  let i = from + 1
  const negate = negations.includes(pattern[i] ?? ' ')
  if (negate) i++
  const ranges: [string, string][] = []
  while (pattern[i] !== ']' || ranges.length === 0) {
    if (pattern[i] === '\\') i++
    const low = pattern[i]
    if (low === undefined || low === '-' || (low === ']' && pattern[i - 1] !== '\\'))
      throw new ChartError('syntax error in pattern')
    i++
    let high = low
    if (pattern[i] === '-' && pattern[i + 1] !== ']') {
      i++
      if (pattern[i] === '\\') i++
      high = pattern[i] ?? ''
      if (high === '') throw new ChartError('syntax error in pattern')
      i++
    }
    ranges.push([low, high])
  }
  return [{ kind: 'set', negate, ranges }, i + 1]
}

function readParts(pattern: string, globs: boolean): Part[] {
  const parts: Part[] = []
  for (let i = 0; i < pattern.length; ) {
    const ch = pattern[i] as string
    if (ch === '*') {
      const crosses = globs && pattern[i + 1] === '*'
      parts.push({ kind: 'star', crosses })
      i += crosses ? 2 : 1
    } else if (ch === '?') {
      parts.push({ kind: 'any' })
      i++
    } else if (ch === '[') {
      const [part, next] = readSet(pattern, i, globs ? '!' : '^')
      parts.push(part)
      i = next
    } else if (ch === '\\') {
      if (i + 1 >= pattern.length) throw new ChartError('syntax error in pattern')
      parts.push({ kind: 'char', ch: pattern[i + 1] as string })
      i += 2
    } else {
      parts.push({ kind: 'char', ch })
      i++
    }
  }
  return parts
}

function accepts(part: Part, ch: string, globs: boolean): boolean {
  switch (part.kind) {
    case 'char':
      return part.ch === ch
    case 'any':
      return ch !== '/'
    case 'set':
      return (globs || ch !== '/') && part.ranges.some(([low, high]) => low <= ch && ch <= high) !== part.negate
    default:
      return part.crosses || ch !== '/'
  }
}

/** Steps through the text with the set of places in the pattern where a match may stand. */
function run(parts: readonly Part[], text: string, globs: boolean): boolean {
  const close = (states: Set<number>) => {
    for (const s of states) if (parts[s]?.kind === 'star') states.add(s + 1)
    return states
  }
  let states = close(new Set([0]))
  for (const ch of text) {
    const next = new Set<number>()
    for (const s of states) {
      const part = parts[s]
      if (part && accepts(part, ch, globs)) next.add(part.kind === 'star' ? s : s + 1)
    }
    if (next.size === 0) return false
    states = close(next)
  }
  return states.has(parts.length)
}

/** A matcher by filepath.Match. Throws ChartError for a bad pattern. */
export function pathMatcher(pattern: string): (path: string) => boolean {
  if (!/[*?[\\]/.test(pattern)) return (path) => path === pattern
  const ending = /^\*([^*?[\\/]*)$/.exec(pattern)?.[1]
  if (ending !== undefined) return (path) => path.endsWith(ending) && !path.includes('/')
  return matcher(readParts(pattern, false), false)
}

/** What starts as the pattern does goes through it; most paths do not. */
function matcher(parts: readonly Part[], globs: boolean): (path: string) => boolean {
  let start = ''
  for (const part of parts) {
    if (part.kind !== 'char') break
    start += part.ch
  }
  return (path) => path.startsWith(start) && run(parts, path, globs)
}

const MAX_ALTERNATIVES = 1000

/** `{a,b}` written out. */
function alternatives(pattern: string): string[] {
  const open = pattern.search(/(?<!\\)\{/)
  if (open < 0) return [pattern]
  let depth = 0
  let from = open + 1
  const options: string[] = []
  for (let i = open; i < pattern.length; i++) {
    const ch = pattern[i]
    if (ch === '\\') i++
    else if (ch === '{') depth++
    else if (ch === ',' && depth === 1) {
      options.push(pattern.slice(from, i))
      from = i + 1
    } else if (ch === '}' && --depth === 0) {
      options.push(pattern.slice(from, i))
      const rest = alternatives(pattern.slice(i + 1))
      const all = options.flatMap(alternatives).flatMap((o) => rest.map((r) => pattern.slice(0, open) + o + r))
      if (all.length > MAX_ALTERNATIVES) throw new ChartError('glob pattern has too many alternatives')
      return all
    }
  }
  throw new ChartError('syntax error in pattern')
}

/** A matcher for .Files.Glob (gobwas/glob with `/`); a bad pattern matches everything, as Helm has it. */
export function globMatcher(pattern: string): (path: string) => boolean {
  let all: ((path: string) => boolean)[]
  try {
    all = alternatives(pattern).map((p) => matcher(readParts(p, true), true))
  } catch (e) {
    if (e instanceof ChartError) return () => true
    throw e
  }
  return (path) => all.some((matches) => matches(path))
}
