import { atOnce, type Steps } from '../../apimachinery/steps.ts'

/** The difference of two texts as difflib's unified diff writes it with three lines around each change, without file names. */
export const unifiedDiff = (before: string, after: string): string => atOnce(unifiedDiffSteps(before, after))

/** As `unifiedDiff`, of texts that may be long. */
export function* unifiedDiffSteps(before: string, after: string): Steps<string> {
  const a = linesOf(before)
  const b = linesOf(after)
  yield
  let text = ''
  for (const group of grouped(yield* changes(a, b))) {
    const first = group[0] as Change
    const last = group.at(-1) as Change
    text += `@@ -${range(first.a, last.aEnd)} +${range(first.b, last.bEnd)} @@\n`
    for (const change of group) {
      if (change.equal)
        text += a
          .slice(change.a, change.aEnd)
          .map((line) => ` ${line}`)
          .join('')
      else {
        text += a
          .slice(change.a, change.aEnd)
          .map((line) => `-${line}`)
          .join('')
        text += b
          .slice(change.b, change.bEnd)
          .map((line) => `+${line}`)
          .join('')
      }
    }
  }
  return text
}

interface Change {
  readonly equal: boolean
  readonly a: number
  readonly aEnd: number
  readonly b: number
  readonly bEnd: number
}
interface Match {
  readonly a: number
  readonly b: number
  readonly size: number
}

const context = 3

const linesOf = (text: string): string[] => text.split('\n').map((line) => `${line}\n`)

function range(start: number, end: number): string {
  const length = end - start
  if (length === 1) return String(start + 1)
  return `${length === 0 ? start : start + 1},${length}`
}

/** Where each line of `b` is; lines that are everywhere in a long text are no anchors (difflib's "autojunk"). */
function positions(b: readonly string[]): Map<string, number[]> {
  const found = new Map<string, number[]>()
  b.forEach((line, i) => {
    const list = found.get(line)
    if (list) list.push(i)
    else found.set(line, [i])
  })
  if (b.length < 200) return found
  const most = Math.floor(b.length / 100) + 1
  for (const [line, list] of found) if (list.length > most) found.delete(line)
  return found
}

/** The longest block that both have within the bounds, the earliest of several. */
function* longest(
  a: readonly string[],
  b: readonly string[],
  at: ReadonlyMap<string, number[]>,
  [aLow, aHigh, bLow, bHigh]: Bounds,
  looks: { left: number },
): Steps<Match> {
  let best: Match = { a: aLow, b: bLow, size: 0 }
  let lengths = new Map<number, number>()
  for (let i = aLow; i < aHigh && looks.left > 0; i++) {
    const next = new Map<number, number>()
    const places = at.get(a[i] as string) ?? []
    looks.left -= places.length + 1
    if (i % linesAtOnce === 0) yield
    for (const j of places) {
      if (j < bLow) continue
      if (j >= bHigh) break
      const size = (lengths.get(j - 1) ?? 0) + 1
      next.set(j, size)
      if (size > best.size) best = { a: i - size + 1, b: j - size + 1, size }
    }
    lengths = next
  }
  return widened(a, b, best, [aLow, aHigh, bLow, bHigh])
}

/** Lines that are no anchors still belong to the block beside them. */
function widened(a: readonly string[], b: readonly string[], match: Match, [aLow, aHigh, bLow, bHigh]: Bounds): Match {
  let { a: i, b: j, size } = match
  while (i > aLow && j > bLow && a[i - 1] === b[j - 1]) {
    i--
    j--
    size++
  }
  while (i + size < aHigh && j + size < bHigh && a[i + size] === b[j + size]) size++
  return { a: i, b: j, size }
}

type Bounds = readonly [aLow: number, aHigh: number, bLow: number, bHigh: number]

/** Long texts have a line in hundreds of places. */
const linesAtOnce = 16

/** So many lines are looked at, some of them many times: difflib takes a minute for a long text of which every second line is another. What was
 *  not compared by then counts as changed. */
const mostLooks = 500_000

function* matches(a: readonly string[], b: readonly string[]): Steps<Match[]> {
  const at = positions(b)
  const found: Match[] = []
  const open: Bounds[] = [[0, a.length, 0, b.length]]
  const looks = { left: mostLooks }
  for (let bounds = open.pop(); bounds && looks.left > 0; bounds = open.pop()) {
    const [aLow, aHigh, bLow, bHigh] = bounds
    const match = yield* longest(a, b, at, bounds, looks)
    if (match.size === 0) continue
    found.push(match)
    if (aLow < match.a && bLow < match.b) open.push([aLow, match.a, bLow, match.b])
    if (match.a + match.size < aHigh && match.b + match.size < bHigh)
      open.push([match.a + match.size, aHigh, match.b + match.size, bHigh])
  }
  return found.sort((x, y) => x.a - y.a || x.b - y.b)
}

/** What stays and what changes, in order; neighbouring matches are one. */
function* changes(a: readonly string[], b: readonly string[]): Steps<Change[]> {
  const list: Change[] = []
  let i = 0
  let j = 0
  for (const match of [...(yield* matches(a, b)), { a: a.length, b: b.length, size: 0 }]) {
    if (i < match.a || j < match.b) list.push({ equal: false, a: i, aEnd: match.a, b: j, bEnd: match.b })
    i = match.a + match.size
    j = match.b + match.size
    const last = list.at(-1)
    if (match.size === 0) continue
    if (last?.equal && last.aEnd === match.a && last.bEnd === match.b) list[list.length - 1] = { ...last, aEnd: i, bEnd: j }
    else list.push({ equal: true, a: match.a, aEnd: i, b: match.b, bEnd: j })
  }
  return list
}

/** Changes with few equal lines between them are shown together. */
function grouped(all: readonly Change[]): Change[][] {
  const groups: Change[][] = []
  let group: Change[] = []
  all.forEach((change, n) => {
    if (!change.equal) {
      group.push(change)
      return
    }
    const isFirst = n === 0
    const isLast = n === all.length - 1
    const { a, aEnd, b, bEnd } = change
    const head = { ...change, aEnd: Math.min(aEnd, a + context), bEnd: Math.min(bEnd, b + context) }
    const tail = { ...change, a: Math.max(a, aEnd - context), b: Math.max(b, bEnd - context) }
    if (isFirst) group.push(tail)
    else if (isLast) group.push(head)
    else if (aEnd - a > 2 * context) {
      groups.push([...group, head])
      group = [tail]
    } else group.push(change)
  })
  return group.some((c) => !c.equal) ? [...groups, group] : groups
}
