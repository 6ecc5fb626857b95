// All templates of a chart tree, run in Helm's order.

import { type Chart, type ChartFile, fullPath } from '../chart/chart.ts'
import { chartFiles } from '../chart/chart-files.ts'
import { metadataForTemplates } from '../chart/metadata.ts'
import type { Host } from '../functions/host.ts'
import { EAGER, functions, loadFamily } from '../functions/load.ts'
import { baseName } from '../functions/paths.ts'
import { fromBytes } from '../gotemplate/bytes.ts'
import { FamilyMissing } from '../gotemplate/function-table.ts'
import { IncludeMemo } from '../gotemplate/include-memo.ts'
import { DEFAULT_LIMITS, Interrupt, type Limits, type Shared } from '../gotemplate/run.ts'
import { TemplateSet } from '../gotemplate/template-set.ts'
import { TemplateParseError } from '../gotemplate/tokens.ts'
import { compareStrings, isMap, type Value, type ValueMap } from '../gotemplate/value.ts'
import { execError, parseError } from './errors.ts'
import { RootContext } from './root-context.ts'
import { ValuesMap } from './values-map.ts'

/** A host function that needs something from outside first: do `load`, then render again. */
export class HostWaits extends Interrupt {
  readonly load: () => Promise<void>
  constructor(load: () => Promise<void>) {
    super('the render needs something that is not there yet')
    this.load = load
  }
}

export interface RenderInput {
  readonly chart: Chart
  /** Values, Release, Capabilities; new ones every time, since templates may change them. */
  readonly top: () => ValueMap
  readonly host: Host
  readonly strict: boolean
  readonly limits?: Limits
}

interface Template {
  readonly path: string
  readonly file: ChartFile
  readonly data: RootContext
  readonly basePath: string
}

const MAX_RETRIES = 200

/** path -> output of every template that is no partial. Throws RenderError, LimitError. */
export async function runTemplates(input: RenderInput): Promise<Map<string, string>> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await runOnce(input)
    } catch (e) {
      if (attempt >= MAX_RETRIES) throw e
      if (e instanceof FamilyMissing) await loadFamily(e.family)
      else if (e instanceof HostWaits) await e.load()
      else throw e
    }
  }
}

/** The prepared templates and a way to run one of them again. */
export function prepare(input: RenderInput): { templates: Template[]; set: TemplateSet; shared: Shared<Host> } {
  const templates: Template[] = []
  const memo = new IncludeMemo()
  collect(input.chart, input.top(), memo, templates)
  templates.sort((a, b) => depth(b.path) - depth(a.path) || compareStrings(b.path, a.path))
  const set = new TemplateSet(functions)
  for (const t of templates) {
    try {
      set.addFile(t.path, t.file.data)
    } catch (e) {
      throw e instanceof TemplateParseError ? parseError(e, fromBytes(t.file.data), set) : e
    }
  }
  const shared: Shared<Host> = {
    steps: 0,
    limits: input.limits ?? DEFAULT_LIMITS,
    strict: input.strict,
    host: observed(input.host, memo),
    included: new Map(),
    memo,
  }
  return { templates, set, shared }
}

async function runOnce(input: RenderInput): Promise<Map<string, string>> {
  const { templates, set, shared } = prepare(input)
  for (const family of set.missingFamilies()) if (EAGER.has(family)) await loadFamily(family)
  const out = new Map<string, string>()
  for (const t of templates) {
    if (baseName(t.path).startsWith('_')) continue
    out.set(t.path, runTemplate(t, set, shared))
  }
  return out
}

function runTemplate(t: Template, set: TemplateSet, shared: Shared<Host>): string {
  t.data.start(t.path, t.basePath)
  try {
    const text = set.execute(t.path, t.data, shared)
    return text.includes('<no value>') ? text.replaceAll('<no value>', '') : text
  } catch (e) {
    throw execError(e, t.path, set, t.data)
  }
}

const depth = (path: string) => path.split('/').length

/** Adds a chart's templates, its dependencies' first, and returns what they see. */
function collect(c: Chart, parent: ValueMap, memo: IncludeMemo, templates: Template[]): ValueMap {
  const subcharts: ValueMap = new Map()
  const isRoot = c.parent === undefined
  const inherited = parent.get('Values')
  const own = isRoot ? inherited : isMap(inherited) ? inherited.get(c.metadata.name) : undefined
  const entries: [string, Value][] = [
    ['Chart', metadataForTemplates(c.metadata, isRoot)],
    ['Files', chartFiles(c.files)],
    ['Release', parent.get('Release')],
    ['Capabilities', parent.get('Capabilities')],
    ['Values', own instanceof ValuesMap ? own : new ValuesMap(isMap(own) ? own : new Map())],
    ['Subcharts', subcharts],
  ]
  const data = new RootContext(entries, memo)
  for (const sub of c.dependencies) subcharts.set(sub.metadata.name, collect(sub, data, memo, templates))
  const path = fullPath(c)
  const isLibrary = c.metadata.type.toLowerCase() === 'library'
  for (const file of c.templates) {
    if (isLibrary && !baseName(file.name).startsWith('_')) continue
    templates.push({ path: `${path}/${file.name}`, file, data, basePath: `${path}/templates` })
  }
  return data
}

/** The host, telling the memo of every answer: the next one may be another. */
function observed(host: Host, memo: IncludeMemo): Host {
  const told =
    <A extends unknown[], R>(ask: (...args: A) => R) =>
    (...args: A): R => {
      memo.learning()
      return ask(...args)
    }
  return {
    now: told(() => host.now()),
    randomBytes: told((count) => host.randomBytes(count)),
    lookup: told((apiVersion, kind, namespace, name) => host.lookup(apiVersion, kind, namespace, name)),
    hostByName: told((name) => host.hostByName(name)),
    lint: host.lint,
    warn: told((message) => host.warn(message)),
  }
}

/** The output of one template again, with the place in the chart that each piece of it came from. */
export function traceTemplate(
  input: RenderInput,
  path: string,
): { out: string; trace: readonly { offset: number; file: string; pos: number; text: string }[] } | undefined {
  const { templates, set, shared } = prepare(input)
  const t = templates.find((x) => x.path === path)
  if (!t) return undefined
  t.data.start(t.path, t.basePath)
  const { out, trace } = set.trace(path, t.data as Value, shared)
  return {
    out,
    trace: trace.map(([offset, node]) => ({ offset, file: node.source.name, pos: node.pos, text: node.source.text })),
  }
}
