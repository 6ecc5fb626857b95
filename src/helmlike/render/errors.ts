// What a render says when it fails: Helm's words, then a hint where a name is nearly right.
import { WARN_END, WARN_START } from '../functions/helm.ts'
import type { Node } from '../gotemplate/nodes.ts'
import { ExecError, FunctionError } from '../gotemplate/run.ts'
import type { TemplateSet } from '../gotemplate/template-set.ts'
import type { TemplateParseError } from '../gotemplate/tokens.ts'
import { isMap, type Value } from '../gotemplate/value.ts'
import { nearest } from './nearest.ts'

/** A chart that does not render. The message is Helm's, `hint` is ours. */
export class RenderError extends Error {
  readonly hint: string | undefined
  constructor(message: string, hint?: string) {
    super(message)
    this.name = 'RenderError'
    this.hint = hint
  }
}

/** `parse error at (FILE:LINE): what`. */
export function parseError(e: TemplateParseError, set: TemplateSet): RenderError {
  const unknown = /^function "(.*)" not defined$/.exec(e.what)?.[1]
  const hint = unknown === undefined ? undefined : suggestion(nearest(unknown, set.functions.names()))
  const tokens = e.message.split(': ')
  return new RenderError(`parse error at (${tokens[1]}): ${tokens.at(-1)}`, hint)
}

const suggestion = (name: string | undefined) => (name === undefined ? undefined : `did you mean ${name}?`)

/** Helm's form of an error while a template ran: the call chain, innermost last. Other errors are returned as they are. */
export function execError(e: unknown, path: string, set: TemplateSet, data: Value): unknown {
  if (!(e instanceof ExecError)) return e
  const [, location = '', ...rest] = e.message.split(': ')
  const authors = new RegExp(`${WARN_START}(.*)${WARN_END}`, 's').exec(rest.join(': '))
  if (authors) return new RenderError(`execution error at (${location}): ${authors[1]}`)
  if (rest.length === 0) return new RenderError(`execution error in (${path}): ${e.message}`)
  const lines: string[] = []
  for (let current: unknown = e; current instanceof ExecError || current instanceof FunctionError; current = current.inner) {
    const text = traced(current.message)
    if (text === undefined) return new RenderError(e.message, hintFor(e, set, data))
    if (lines.at(-1) !== text) lines.push(text)
  }
  return new RenderError(lines.join('').trim(), hintFor(e, set, data))
}

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

/** The names of `.a.b` and `$.a.b`. */
function namesOf(node: Node | undefined): readonly string[] {
  if (node?.kind === 'field') return node.ident
  return node?.kind === 'variable' && node.ident[0] === '$' ? node.ident.slice(1) : []
}

/** Names that nearly are what the failing expression asks for. */
function hintFor(e: ExecError, set: TemplateSet, data: Value): string | undefined {
  let inner: ExecError = e
  for (let current: unknown = e; current instanceof ExecError || current instanceof FunctionError; current = current.inner) {
    if (current instanceof ExecError) inner = current
  }
  const template = /no template "([^"]+)"|template "([^"]+)" not defined/.exec(inner.message)
  if (template) return suggestion(nearest((template[1] ?? template[2]) as string, set.names()))
  const nil = /nil pointer evaluating interface \{\}\.(\S+)$/.test(inner.message)
  const names = namesOf(inner.node)
  if (!nil || names[0] !== 'Values') return undefined
  let at: Value = data
  for (const name of names) {
    if (!isMap(at)) return undefined
    if (!at.has(name)) {
      const near = nearest(name, [...at.keys()])
      return near === undefined
        ? `.${names.slice(0, names.indexOf(name) + 1).join('.')} is not set`
        : `did you mean ${near} instead of ${name}?`
    }
    at = at.get(name)
  }
  return undefined
}
