// Where a value was written: the file, line and column, or the flag.
import { isList, isMap, type Value, type ValueMap } from '../gotemplate/value.ts'
import { type Chart, fullPath } from './chart.ts'

/** Values that are laid over a chart's own. */
export interface ValueSource {
  /** A file, or a flag with what it says. */
  readonly name: string
  readonly values: ValueMap
  /** The text of a file. */
  readonly text?: string
}

/** The file and place (or the flag) that a value of the whole chart's values comes from; undefined where none has it. `sources` in the order in which they were laid over. */
export async function originOf(
  chart: Chart,
  path: readonly string[],
  sources: readonly ValueSource[],
): Promise<string | undefined> {
  const source = sources.findLast(({ values }) => has(values, path))
  if (source) return source.text === undefined ? source.name : placed(source.name, source.text, path)
  return inChart(chart, path)
}

/** A parent's values are laid over those of its dependencies. */
function inChart(chart: Chart, path: readonly string[]): Promise<string | undefined> {
  const file = chart.raw.find((f) => f.name === 'values.yaml')
  if (file && has(chart.values ?? new Map(), path))
    return placed(`${fullPath(chart)}/values.yaml`, file.data.toString('utf8'), path)
  const [first, ...rest] = path
  const sub = chart.dependencies.find((d) => d.metadata.name === first)
  return sub && rest.length > 0 ? inChart(sub, rest) : Promise.resolve(undefined)
}

function has(values: Value, path: readonly string[]): boolean {
  let at = values
  for (const name of path) {
    if (isMap(at) && at.has(name)) at = at.get(name)
    else if (isList(at) && /^\d+$/.test(name) && Number(name) < at.length) at = at[Number(name)]
    else return false
  }
  return true
}

/** `FILE:LINE:COLUMN` of a value; the file alone where its text does not show it. */
async function placed(name: string, text: string, path: readonly string[]): Promise<string> {
  const { isNode, LineCounter, parseDocument } = await import('yaml')
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, logLevel: 'silent' })
  const node = document.getIn(path, true)
  if (!isNode(node) || !node.range) return name
  const { line, col } = lines.linePos(node.range[0])
  return `${name}:${line}:${col}`
}
