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
  const leading = Array.from(source.slice(lineStart, issue.pos))
  const end = source.indexOf('\n', lineStart)
  const snippet = source.slice(lineStart, end === -1 ? undefined : end).replaceAll('\t', ' ')
  const head = `ERROR: <input>:${line}:${leading.length + 1}: ${issue.message}`
  if (Buffer.byteLength(snippet) > LONGEST_SNIPPET) return head
  const at = Array.from(snippet)[leading.length]
  // Wide characters get a wide marker, so that the caret stays below its column.
  const dots = leading.map((char) => (isMultibyte(char) ? '\uff0e' : '.')).join('')
  return `${head}\n | ${snippet}\n | ${dots}${at !== undefined && isMultibyte(at) ? '\uff3e' : '^'}`
}

const isMultibyte = (char: string): boolean => (char.codePointAt(0) as number) > 0x7f
