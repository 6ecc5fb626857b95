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
import { DEFAULT_LIMITS, ExecError, Interrupt, type Limits, type Shared } from '../gotemplate/run.ts'
import { TemplateSet } from '../gotemplate/template-set.ts'
import { TemplateParseError } from '../gotemplate/tokens.ts'
import { compareStrings, isMap, type Value, type ValueMap } from '../gotemplate/value.ts'
import { TemplateFailure } from './render-error.ts'
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
  /** Its templates are read once: it is not changed afterwards. */
  readonly chart: Chart
  /** Values, Release, Capabilities; new ones every time, since templates may change them. */
  readonly top: () => ValueMap
  /** Told when the templates are done and left what `top` gave last as it was. */
  readonly unchanged?: () => void
  readonly host: Host
  readonly strict: boolean
  readonly limits?: Limits
}

interface Template {
  readonly path: string
  readonly file: ChartFile
  readonly chart: Chart
  readonly basePath: string
}

/** A chart's templates in the order in which they are read and run, and read. */
interface Loaded {
  readonly templates: readonly Template[]
  readonly set: TemplateSet
}

/** Where a render stands before its first template runs. */
interface Start extends Loaded {
  readonly contexts: ReadonlyMap<Chart, RootContext>
  readonly shared: Shared<Host>
}

const MAX_RETRIES = 200

/** path -> output of every template that is no partial. Throws RenderError, LimitError. */
export async function runTemplates(input: RenderInput): Promise<Map<string, string>> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await runOnce(input)
    } catch (e) {
      if (attempt >= MAX_RETRIES) throw e instanceof TemplateFailure ? await e.explained() : e
      if (e instanceof FamilyMissing) await loadFamily(e.family)
      else if (e instanceof HostWaits) await e.load()
      else throw e instanceof TemplateFailure ? await e.explained() : e
    }
  }
}

const loaded = new WeakMap<Chart, Loaded>()

function loadTemplates(chart: Chart): Loaded {
  let known = loaded.get(chart)
  if (!known) {
    const templates = templatesOf(chart)
      .map((t) => ({ t, depth: t.path.split('/').length }))
      .sort((a, b) => b.depth - a.depth || compareStrings(b.t.path, a.t.path))
      .map(({ t }) => t)
    const set = new TemplateSet(functions)
    for (const t of templates) {
      try {
        set.addFile(t.path, t.file.data)
      } catch (e) {
        if (!(e instanceof TemplateParseError)) throw e
        throw new TemplateFailure(async () => (await import('./errors.ts')).parseError(e, fromBytes(t.file.data), set))
      }
    }
    known = { templates, set }
    loaded.set(chart, known)
  }
  return known
}

/** The templates of a chart and its dependencies. */
function templatesOf(c: Chart): Template[] {
  const path = fullPath(c)
  const isLibrary = c.metadata.type.toLowerCase() === 'library'
  const own = c.templates
    .filter((file) => !isLibrary || baseName(file.name).startsWith('_'))
    .map((file) => ({ path: `${path}/${file.name}`, file, chart: c, basePath: `${path}/templates` }))
  return [...c.dependencies.flatMap(templatesOf), ...own]
}

/** All that is needed to run the templates. Throws RenderError where one does not parse. */
function prepare(input: RenderInput): Start {
  const memo = new IncludeMemo()
  const contexts = new Map<Chart, RootContext>()
  addContexts(input.chart, input.top(), memo, contexts)
  const shared: Shared<Host> = {
    steps: 0,
    limits: input.limits ?? DEFAULT_LIMITS,
    strict: input.strict,
    host: observed(input.host, memo),
    included: new Map(),
    memo,
  }
  return { ...loadTemplates(input.chart), contexts, shared }
}

async function runOnce(input: RenderInput): Promise<Map<string, string>> {
  const start = prepare(input)
  const { templates, set, shared } = start
  for (const family of set.missingFamilies()) if (EAGER.has(family)) await loadFamily(family)
  const files = new Map<string, string>()
  for (const t of templates) {
    if (baseName(t.path).startsWith('_')) continue
    files.set(t.path, runTemplate(t, start))
  }
  if (!shared.memo.hasChanges) input.unchanged?.()
  return files
}

function runTemplate(t: Template, { set, contexts, shared }: Start): string {
  const context = contextFor(t, contexts)
  try {
    const text = set.execute(t.path, context, shared)
    return text.includes('<no value>') ? text.replaceAll('<no value>', '') : text
  } catch (e) {
    if (!(e instanceof ExecError)) throw e
    throw new TemplateFailure(async () => (await import('./errors.ts')).execError(e, t.path, set, context))
  }
}

function contextFor(t: Template, contexts: Start['contexts']): RootContext {
  const context = contexts.get(t.chart) as RootContext
  context.start(t.path, t.basePath)
  return context
}

/** Makes what a chart's templates start from, and those of its dependencies before. */
function addContexts(c: Chart, parent: ValueMap, memo: IncludeMemo, contexts: Map<Chart, RootContext>): RootContext {
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
  const context = new RootContext(entries, memo)
  for (const sub of c.dependencies) subcharts.set(sub.metadata.name, addContexts(sub, context, memo, contexts))
  contexts.set(c, context)
  return context
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
  const { templates, set, contexts, shared } = prepare(input)
  const t = templates.find((x) => x.path === path)
  if (!t) return undefined
  const { out, trace } = set.trace(path, contextFor(t, contexts), shared)
  return {
    out,
    trace: trace.map(([offset, node]) => ({ offset, file: node.source.name, pos: node.pos, text: node.source.text })),
  }
}
