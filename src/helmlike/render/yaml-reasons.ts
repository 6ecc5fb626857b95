// What is mostly wrong where a template makes text that is no YAML.

/** A piece of output, and the action (at `pos` of the template's `text`) that made it. */
interface Piece {
  readonly offset: number
  readonly pos: number
  readonly text: string
}

/** A likely reason why `line`, which is at `from` in the output, is no YAML. `trace` is in the order of the output. */
export function yamlReason(out: string, trace: readonly Piece[], from: number, line: string): string | undefined {
  if (/^ *\t/.test(line)) return 'it is indented by a tab: YAML knows spaces only'
  const end = from + line.length
  for (const [i, piece] of trace.entries()) {
    const next = trace[i + 1]?.offset ?? out.length
    // What ended long before has nothing to do with it.
    if (piece.offset > end || next < from - NEAR) continue
    const action = actionAt(piece)
    const reason = action && indentReason(action, out.slice(piece.offset, next))
    if (reason !== undefined) return reason
  }
  return undefined
}

/** Characters between a wrong line and the action whose indentation made it so. */
const NEAR = 200

/** What is wrong with how an action's lines are indented; undefined for one line, and where nothing seems to be. */
function indentReason({ text, column, before }: Action, output: string): string | undefined {
  const [first = '', second] = output.split('\n')
  if (second === undefined || column === 0) return undefined
  if (/\|\s*indent\b/.test(text)) {
    return before.trim() === ''
      ? `${text} is indented already, and its first line gets that twice: put it at the start of the line, or use nindent`
      : `${text} stands behind ${JSON.stringify(before.trim())}: indent leaves the first line there, use nindent`
  }
  const indentation = second.length - second.trimStart().length
  if (first.trim() === '' || indentation >= column) return undefined
  return `${text} writes several lines, of which the first alone is indented: use | nindent ${before.trim() === '' ? column : 'N'}`
}

interface Action {
  readonly text: string
  readonly column: number
  /** What stands before it in its line. */
  readonly before: string
}

/** The action around a piece's position; undefined for plain text. */
function actionAt({ text, pos }: Piece): Action | undefined {
  const start = text.lastIndexOf('{{', pos)
  const end = text.indexOf('}}', pos)
  if (start < 0 || end < 0 || text.slice(start, pos).includes('}}')) return undefined
  const before = text.slice(text.lastIndexOf('\n', start) + 1, start)
  return { text: text.slice(start, end + 2), column: before.length, before }
}
