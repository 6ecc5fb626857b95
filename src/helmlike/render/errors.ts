// What a render says when it fails: Helm's words, then a hint where a name is nearly right.
import { WARN_END, WARN_START } from '../functions/helm.ts'
import { placeOf, print } from '../gotemplate/nodes.ts'
import { ExecError, FunctionError } from '../gotemplate/run.ts'
import type { TemplateSet } from '../gotemplate/template-set.ts'
import type { TemplateParseError } from '../gotemplate/tokens.ts'
import type { Value } from '../gotemplate/value.ts'
import { explain, explainAuthors, explainParse, innermost } from './explain.ts'
import { RenderError } from './render-error.ts'

/** `parse error at (FILE:LINE): what`. `text` is the file's. */
export function parseError(e: TemplateParseError, text: string, set: TemplateSet): RenderError {
  const tokens = e.message.split(': ')
  return new RenderError(`parse error at (${tokens[1]}): ${tokens.at(-1)}`, explainParse(e, text, set.functions.names()))
}

/** Helm's form of an error while a template ran: the call chain, innermost last. Other errors are returned as they are. */
export function execError(e: unknown, path: string, set: TemplateSet, data: Value): unknown {
  if (!(e instanceof ExecError)) return e
  const [, location = '', ...rest] = e.message.split(': ')
  const authors = new RegExp(`${WARN_START}(.*)${WARN_END}`, 's').exec(rest.join(': '))
  if (authors) return new RenderError(`execution error at (${location}): ${authors[1]}`, explainAuthors(e, data).hint)
  if (rest.length === 0) return new RenderError(`execution error in (${path}): ${e.message}`)
  const { hint, about } = explain(e, set, data)
  const whole = about && [...dependencyNames(path), ...about]
  const lines: string[] = []
  for (let current: unknown = e; current instanceof ExecError || current instanceof FunctionError; current = current.inner) {
    const text = traced(current.message)
    if (text === undefined) return new RenderError(e.message, withPlace(hint, e), whole)
    if (lines.at(-1) !== text) lines.push(text)
  }
  return new RenderError(lines.join('').trim(), hint, whole)
}

/** Where Helm has the whole chain in one line, the hint says what end of it is meant. */
function withPlace(hint: string | undefined, e: ExecError): string | undefined {
  const inner = innermost(e)
  if (hint === undefined || inner === e || !inner.node) return hint
  const { line, column } = placeOf(inner.node)
  return `at ${inner.node.source.name}:${line}:${column} <${print(inner.node)}>: ${hint}`
}

/** The names of the dependencies down to the chart of a template: `a/charts/b/templates/x` is in b. */
const dependencyNames = (path: string): string[] => (path.split('/templates/')[0] as string).split('/charts/').slice(1)

/** One link of the chain as Helm shows it; undefined where the message is no template's. */
function traced(message: string): string | undefined {
  if (!message.startsWith('template: ')) return undefined
  const rest = message.slice('template: '.length)
  if (rest.startsWith('no template ')) return `${message}\n`
  const m = /^([\s\S]*?): executing "([^"]*)" at <([\s\S]*?)>: ([\s\S]*)$/.exec(rest)
  if (m) return `${m[1]}\n  executing "${m[2]}" at <${m[3]}>:\n    ${cut(m[4] as string)}\n`
  const colon = rest.lastIndexOf(': ')
  return colon < 0 ? undefined : `${rest.slice(0, colon)}\n  ${cut(rest.slice(colon + 2))}\n`
}

function cut(message: string): string {
  const next = message.indexOf(' template:')
  return next < 0 ? message : message.slice(0, next)
}
