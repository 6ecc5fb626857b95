// Why a template failed, beside Helm's words: the value that was wrong, the name that was probably meant, the block that is open.
import { described } from '../chart/described.ts'
import { goTypeName } from '../gotemplate/function-table.ts'
import type { Node } from '../gotemplate/nodes.ts'
import { ExecError, FunctionError } from '../gotemplate/run.ts'
import type { TemplateSet } from '../gotemplate/template-set.ts'
import type { TemplateParseError } from '../gotemplate/tokens.ts'
import { GoStruct, isMap, TypedMap, type Value } from '../gotemplate/value.ts'
import { nearest } from './nearest.ts'

interface Explanation {
  readonly hint: string | undefined
  /** The value that the hint tells of, as names below `.Values`. */
  readonly about?: readonly string[] | undefined
}

const NOTHING: Explanation = { hint: undefined }
const suggestion = (name: string | undefined) => (name === undefined ? undefined : `did you mean ${name}?`)

/** The innermost error of a chain through include and tpl. */
export function innermost(e: ExecError): ExecError {
  let inner = e
  for (let current: unknown = e; current instanceof ExecError || current instanceof FunctionError; current = current.inner)
    if (current instanceof ExecError) inner = current
  return inner
}

/** Explains an error of a run over `data`. */
export function explain(e: ExecError, set: TemplateSet, data: Value): Explanation {
  const inner = innermost(e)
  const template = /no template "([^"]+)"|template "([^"]+)" not defined/.exec(inner.message)
  if (template) return { hint: suggestion(nearest((template[1] ?? template[2]) as string, set.names())) }
  const counted = /wrong number of args for (\w+): want/.exec(inner.message)?.[1]
  if (counted !== undefined) return { hint: signatureOf(counted, set) }
  const paths = pathsOf(inner.node).map((names) => walk(data, names))
  const missing = paths.find((p) => p.missing !== undefined)
  if (/nil pointer evaluating|invalid value|<nil>|is not a method/.test(inner.message)) return missing ? absent(missing) : NOTHING
  const isUnknownField = /can't evaluate field (\w+)/.exec(inner.message)
  if (isUnknownField && missing && missing.near !== undefined) return absent(missing)
  const wrong = paths.find((p) => p.names[0] === 'Values' && p.found > 1)
  return wrong ? present(wrong) : NOTHING
}

/** How a function is called. */
function signatureOf(name: string, set: TemplateSet): string | undefined {
  const s = set.functions.signature(name)
  if (!s) return undefined
  const params = s.params.map((type, i) => `${goTypeName(type)}${s.variadic && i === s.params.length - 1 ? '…' : ''}`)
  return `${name} takes (${params.join(', ')}); what is piped into it comes last`
}

/** Explains `required` and `fail`: what the author says is the error, a value that is not there is told. */
export function explainAuthors(e: ExecError, data: Value): Explanation {
  const missing = pathsOf(innermost(e).node)
    .map((names) => walk(data, names))
    .find((p) => p.missing !== undefined && p.names[0] === 'Values')
  return missing ? absent(missing) : NOTHING
}

interface Walked {
  readonly names: readonly string[]
  /** How many of the names were found. */
  readonly found: number
  readonly value: Value
  /** The name that is not there, and one that nearly is the same. */
  readonly missing: string | undefined
  readonly near: string | undefined
}

function walk(data: Value, names: readonly string[]): Walked {
  let value = data
  for (const [found, name] of names.entries()) {
    const here = namesIn(value)
    // What has no names at all is what is wrong; its own path has been found.
    if (!here) return { names, found, value, missing: undefined, near: undefined }
    if (!here.includes(name)) return { names, found, value, missing: name, near: nearest(name, here) }
    value = value instanceof GoStruct ? value.fields.get(name) : isMap(value) ? value.get(name) : undefined
  }
  return { names, found: names.length, value, missing: undefined, near: undefined }
}

/** The fields, keys and methods of a value; undefined for one that has none. */
function namesIn(v: Value): string[] | undefined {
  if (v instanceof GoStruct) return [...v.fields.keys(), ...Object.keys(v.methods)]
  if (v instanceof TypedMap) return [...v.keys(), ...Object.keys(v.methods ?? {})]
  return isMap(v) ? [...v.keys()] : undefined
}

function absent({ names, found, missing, near }: Walked): Explanation {
  if (near !== undefined) return { hint: `did you mean ${near} instead of ${missing}?` }
  // Without `.Values` in front the dot may be another one than the chart's.
  if (names[0] !== 'Values') return NOTHING
  return { hint: `.${names.slice(0, found + 1).join('.')} is not set` }
}

function present({ names, found, value }: Walked): Explanation {
  const path = names.slice(0, found)
  return { hint: `.${path.join('.')} is ${described(value, path)}`, about: path.slice(1) }
}

/** The paths from the chart's own dot that an expression reads: its own first, else those of the whole action around it. */
function pathsOf(node: Node | undefined): readonly (readonly string[])[] {
  if (!node) return []
  const own = namesOf(node)
  if (own) return [own]
  const { text } = node.source
  const start = text.lastIndexOf('{{', node.pos)
  const end = text.indexOf('}}', node.pos)
  const action = withoutStrings(text.slice(Math.max(0, start), end < 0 ? undefined : end))
  return [...action.matchAll(/(?<![\w)\]])\$?((?:\.\w+)+)/g)].map((m) => (m[1] as string).slice(1).split('.'))
}

const withoutStrings = (action: string) => action.replace(/"(?:[^"\\\n]|\\.)*"|`[^`]*`/g, '""')

/** The names of `.a.b` and `$.a.b`. */
function namesOf(node: Node): readonly string[] | undefined {
  if (node.kind === 'field') return node.ident
  return node.kind === 'variable' && node.ident[0] === '$' && node.ident.length > 1 ? node.ident.slice(1) : undefined
}

/** Explains a text that is no template. */
export function explainParse(e: TemplateParseError, text: string, names: readonly string[]): string | undefined {
  const unknown = /^function "(.*)" not defined$/.exec(e.what)?.[1]
  if (unknown !== undefined) return unknownFunction(unknown, e.line, text, names)
  if (e.what === 'unexpected EOF') {
    const open = openBlocks(text).at(-1)
    return open && `${open.text}, opened in line ${open.line}, has no {{ end }}`
  }
  if (e.what === 'unexpected {{end}}') return 'no block is open here: there is one {{ end }} too many'
  return undefined
}

function unknownFunction(name: string, line: number, text: string, names: readonly string[]): string | undefined {
  const start =
    text
      .split('\n')
      .slice(0, line - 1)
      .join('\n').length + (line > 1 ? 1 : 0)
  const at = text.indexOf(name, start)
  const before = text.slice(0, at)
  const open = before.lastIndexOf('{{')
  const near = suggestion(nearest(name, names))
  // Text that was taken for an expression: the action before it goes on.
  if (near === undefined && open >= 0 && before.slice(open).includes('\n'))
    return `the action ${JSON.stringify(before.slice(open).split('\n')[0])} of line ${before.slice(0, open).split('\n').length} is not closed: }} is missing`
  return near
}

/** The blocks that no {{ end }} closes, the innermost last. */
function openBlocks(text: string): { readonly text: string; readonly line: number }[] {
  const open: { text: string; line: number }[] = []
  for (let at = text.indexOf('{{'); at >= 0; ) {
    const end = text.indexOf('}}', at)
    if (end < 0) break
    const action = text.slice(at, end + 2)
    const word = /^\{\{-?\s*(if|range|with|define|block|end)\b/.exec(action)?.[1]
    if (word === 'end') open.pop()
    else if (word !== undefined) open.push({ text: action, line: text.slice(0, at).split('\n').length })
    at = text.indexOf('{{', end)
  }
  return open
}
