/** One thing wrong with an expression, at a UTF-16 offset of its source; -1: nowhere in particular. */
export interface Issue {
  readonly pos: number
  readonly message: string
}

/** The expression cannot be parsed or type checked. `message` shows each issue under its source line, as cel-go does. */
export class CompileError extends Error {
  readonly issues: readonly Issue[]
  constructor(source: string, issues: readonly Issue[]) {
    super(displayIssues(source, issues))
    this.name = 'CompileError'
    this.issues = issues
  }
}

const MOST_ISSUES = 100
const LONGEST_SNIPPET = 16384

function displayIssues(source: string, issues: readonly Issue[]): string {
  const shown = issues.slice(0, MOST_ISSUES).toSorted((a, b) => a.pos - b.pos)
  const places = new Places(source)
  const lines = shown.map((issue) => displayIssue(source, issue, places))
  if (issues.length > MOST_ISSUES) lines.push(`${issues.length - MOST_ISSUES} more errors were truncated`)
  return lines.join('\n')
}

function displayIssue(source: string, issue: Issue, places: Places): string {
  if (source === '') return `ERROR: <input>:1:0: ${issue.message}`
  if (issue.pos < 0) return `ERROR: <input>:-1:0: ${issue.message}`
  const { start, number, snippet } = places.lineOf(issue.pos)
  const before = source.slice(start, issue.pos)
  if (snippet === undefined && places.isNarrow) return `ERROR: <input>:${number}:${before.length + 1}: ${issue.message}`
  // Wide characters get a wide marker, so that the caret stays below its column.
  const dots = before.replace(WIDE, '\uff0e')
  const head = `ERROR: <input>:${number}:${dots.length + 1}: ${issue.message}`
  if (snippet === undefined) return head
  const isWide = (source.codePointAt(issue.pos) ?? 0) > 0x7f
  return `${head}\n | ${snippet}\n | ${dots.replace(NARROW, '.')}${isWide ? '\uff3e' : '^'}`
}

interface Line {
  readonly start: number
  /** The first is 1. */
  readonly number: number
  /** undefined: it is too long to be shown. */
  readonly snippet: string | undefined
}

/** Where the lines of a source are, for positions that ascend: many issues may be in one long line, which is looked at once. */
class Places {
  private readonly source: string
  private line: Line
  private end = 0
  readonly isNarrow: boolean

  constructor(source: string) {
    this.source = source
    this.isNarrow = source.search(WIDE) < 0
    this.line = this.read(0, 1)
  }

  lineOf(pos: number): Line {
    while (pos > this.end) this.line = this.read(this.end + 1, this.line.number + 1)
    return this.line
  }

  private read(start: number, number: number): Line {
    const newline = this.source.indexOf('\n', start)
    this.end = newline < 0 ? Number.POSITIVE_INFINITY : newline
    const snippet = this.source.slice(start, newline < 0 ? undefined : newline).replaceAll('\t', ' ')
    return { start, number, snippet: Buffer.byteLength(snippet) > LONGEST_SNIPPET ? undefined : snippet }
  }
}

const NARROW = /[\0-\x7f]/g
const WIDE = /[^\0-\x7f]/gu
