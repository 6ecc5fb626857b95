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
  const lines = shown.map((issue) => displayIssue(source, issue))
  if (issues.length > MOST_ISSUES) lines.push(`${issues.length - MOST_ISSUES} more errors were truncated`)
  return lines.join('\n')
}

function displayIssue(source: string, issue: Issue): string {
  if (source === '') return `ERROR: <input>:1:0: ${issue.message}`
  if (issue.pos < 0) return `ERROR: <input>:-1:0: ${issue.message}`
  const before = source.slice(0, issue.pos)
  const lineStart = before.lastIndexOf('\n') + 1
  const line = before.split('\n').length
  // Wide characters get a wide marker, so that the caret stays below its column.
  const dots = before.slice(lineStart).replace(WIDE, '\uff0e')
  const end = source.indexOf('\n', lineStart)
  const snippet = source.slice(lineStart, end === -1 ? undefined : end).replaceAll('\t', ' ')
  const head = `ERROR: <input>:${line}:${dots.length + 1}: ${issue.message}`
  if (Buffer.byteLength(snippet) > LONGEST_SNIPPET) return head
  const isWide = (source.codePointAt(issue.pos) ?? 0) > 0x7f
  return `${head}\n | ${snippet}\n | ${dots.replace(NARROW, '.')}${isWide ? '\uff3e' : '^'}`
}

const NARROW = /[\0-\x7f]/g
const WIDE = /[^\0-\x7f]/gu
