// Regular expressions: RE2, or JavaScript's where that is the same (plain-regex.ts).
import type { RE2JS } from 're2js'
import { FamilyMissing, type Implementation } from '../../gotemplate/function-table.ts'
import { FunctionError } from '../../gotemplate/run.ts'
import { type Int, nilList, stringList, type Value } from '../../gotemplate/value.ts'
import { type PlainRegex, plainRegex } from './plain-regex.ts'

/** One match: where, and the text of its groups. */
interface Match {
  readonly start: number
  readonly end: number
  readonly groups: readonly (string | undefined)[]
  readonly names: ReadonlyMap<string, number>
}
interface Pattern {
  matches(s: string, limit: number): Match[]
}

const MAX_CACHED = 500
const cache = new Map<string, Pattern>()
const NO_NAMES: ReadonlyMap<string, number> = new Map()

let engine: typeof RE2JS | undefined
/** Loads RE2 itself (the family `re2`). */
export async function loadRe2(): Promise<void> {
  engine = (await import('re2js')).RE2JS
}

function re2(pattern: string): Pattern {
  if (!engine) throw new FamilyMissing('re2')
  let compiled: RE2JS
  try {
    compiled = engine.compile(pattern)
  } catch (e) {
    throw new FunctionError((e as Error).message)
  }
  const names = new Map<string, number>(Object.entries(compiled.namedGroups() as { [name: string]: number }))
  return {
    matches(s, limit) {
      const found: Match[] = []
      const matcher = compiled.matcher(s)
      while (found.length < limit && matcher.find()) {
        const groups: (string | undefined)[] = []
        for (let i = 0; i <= matcher.groupCount(); i++) groups.push((matcher.group(i) as string | null) ?? undefined)
        found.push({ start: matcher.start(), end: matcher.end(), groups, names })
      }
      return allowedByGo(found)
    },
  }
}

/** Go skips an empty match right behind the previous one. */
function allowedByGo(found: Match[]): Match[] {
  return found.filter((m, i) => !(m.start === m.end && i > 0 && found[i - 1]?.end === m.start))
}

function plain(pattern: string, { expression, maxLength }: PlainRegex): Pattern {
  let slow: Pattern | undefined
  return {
    matches(s, limit) {
      if (s.length > maxLength) {
        slow ??= re2(pattern)
        return slow.matches(s, limit)
      }
      const found: Match[] = []
      expression.lastIndex = 0
      while (found.length < limit) {
        const m = expression.exec(s)
        if (!m) break
        found.push({ start: m.index, end: m.index + m[0].length, groups: m, names: NO_NAMES })
        if (m[0] === '') expression.lastIndex += (s.codePointAt(m.index) ?? 0) > 0xffff ? 2 : 1
      }
      return allowedByGo(found)
    },
  }
}

function compile(pattern: string): Pattern {
  let p = cache.get(pattern)
  if (!p) {
    const expression = plainRegex(pattern)
    p = expression ? plain(pattern, expression) : re2(pattern)
    if (cache.size >= MAX_CACHED) cache.clear()
    cache.set(pattern, p)
  }
  return p
}

/** As MustCompile panics. */
function mustCompile(pattern: string): Pattern {
  try {
    return compile(pattern)
  } catch (e) {
    if (e instanceof FunctionError) throw new FunctionError(`regexp: Compile(\`${pattern}\`): ${e.message}`)
    throw e
  }
}

const ALL = Number.POSITIVE_INFINITY

/** regexp.Expand: $1, ${1}, $name, ${name} and $$; a name is as long as it can be. */
function expand(template: string, m: Match): string {
  return template.replace(/\$(?:\$|\{(\w+)\}|(\w+))/g, (whole, braced: string | undefined, bare: string | undefined) => {
    if (whole === '$$') return '$'
    const name = (braced ?? bare) as string
    const index = /^\d+$/.test(name) ? Number(name) : m.names.get(name)
    return index === undefined ? '' : (m.groups[index] ?? '')
  })
}

function replaceAll(p: Pattern, s: string, by: (m: Match) => string): string {
  let out = ''
  let from = 0
  for (const m of p.matches(s, ALL)) {
    out += s.slice(from, m.start) + by(m)
    from = m.end
  }
  return out + s.slice(from)
}

function findAll(p: Pattern, s: string, n: Int): Value {
  if (n.v === 0n) return nilList('[]string')
  const found = p.matches(s, n.v < 0n ? ALL : Number(n.v))
  return found.length === 0 ? nilList('[]string') : stringList(found.map((m) => s.slice(m.start, m.end)))
}

function split(p: Pattern, s: string, n: Int, pattern: string): Value {
  if (n.v === 0n) return nilList('[]string')
  if (pattern !== '' && s === '') return stringList([''])
  const limit = n.v < 0n ? ALL : Number(n.v)
  const out: string[] = []
  let from = 0
  let end = 0
  for (const m of p.matches(s, limit)) {
    if (out.length === limit - 1) break
    end = m.start
    if (m.end !== 0) out.push(s.slice(from, end))
    from = m.end
  }
  if (end !== s.length) out.push(s.slice(from))
  return stringList(out)
}

const find = (p: Pattern, s: string) => {
  const m = p.matches(s, 1)[0]
  return m ? s.slice(m.start, m.end) : ''
}

function matches(pattern: string, s: string): boolean {
  try {
    return compile(pattern).matches(s, 1).length > 0
  } catch (e) {
    if (e instanceof FunctionError) return false
    throw e
  }
}

export const regex: { readonly [name: string]: Implementation } = {
  regexMatch: matches,
  mustRegexMatch: (r: string, s: string) => compile(r).matches(s, 1).length > 0,
  regexFindAll: (r: string, s: string, n: Int) => findAll(mustCompile(r), s, n),
  mustRegexFindAll: (r: string, s: string, n: Int) => findAll(compile(r), s, n),
  regexFind: (r: string, s: string) => find(mustCompile(r), s),
  mustRegexFind: (r: string, s: string) => find(compile(r), s),
  regexReplaceAll: (r: string, s: string, by: string) => replaceAll(mustCompile(r), s, (m) => expand(by, m)),
  mustRegexReplaceAll: (r: string, s: string, by: string) => replaceAll(compile(r), s, (m) => expand(by, m)),
  regexReplaceAllLiteral: (r: string, s: string, by: string) => replaceAll(mustCompile(r), s, () => by),
  mustRegexReplaceAllLiteral: (r: string, s: string, by: string) => replaceAll(compile(r), s, () => by),
  regexSplit: (r: string, s: string, n: Int) => split(mustCompile(r), s, n, r),
  mustRegexSplit: (r: string, s: string, n: Int) => split(compile(r), s, n, r),
  regexQuoteMeta: (s: string) => s.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&'),
}
