// Templates by name. A child set sees its parent's templates and may add or replace some without the parent noticing (tpl).

import { quote } from '../../apimachinery/go-quote.ts'
import { fromBytes } from './bytes.ts'
import { stackOverflow } from './call.ts'
import { compile } from './compile.ts'
import type { FunctionTable } from './function-table.ts'
import type { Node, Tree } from './nodes.ts'
import { isEmptyTree, parseTemplate } from './parse.ts'
import { ExecError, LimitError, Run, type Shared } from './run.ts'
import type { Value } from './value.ts'

/** The name of the set's own, empty template, as Helm names it. */
export const ROOT = 'gotpl'
const CACHE_TEXTS = 4096
const CACHE_LENGTH = 1 << 20
const parsed = new Map<string, Parsed>()
const files = new WeakMap<Buffer, Parsed>()

interface Parsed {
  readonly name: string
  readonly trees: readonly Tree[]
  /** The functions it calls. */
  readonly calls: ReadonlySet<string>
}

function parse(name: string, text: string, functions: FunctionTable): Parsed {
  const calls = new Set<string>()
  const trees = parseTemplate(name, text, (f) => {
    calls.add(f)
    return functions.has(f)
  })
  return { name, trees, calls }
}

/** Parses with a cache keyed by name and text: charts repeat their texts from render to render. */
function parseCached(name: string, text: string, functions: FunctionTable): Parsed {
  if (text.length > CACHE_LENGTH) return parse(name, text, functions)
  const key = `${name}\0${text}`
  let known = parsed.get(key)
  if (!known) {
    known = parse(name, text, functions)
    if (parsed.size >= CACHE_TEXTS) parsed.delete(parsed.keys().next().value as string)
    parsed.set(key, known)
  }
  return known
}

export class TemplateSet {
  readonly functions: FunctionTable
  /** Whose templates it sees, too. */
  readonly parent: TemplateSet | undefined
  private readonly trees = new Map<string, Tree>()
  private readonly calls = new Set<string>()

  constructor(functions: FunctionTable, parent?: TemplateSet) {
    this.functions = functions
    this.parent = parent
  }

  lookup(name: string): Tree | undefined {
    return this.trees.get(name) ?? this.parent?.lookup(name)
  }

  /** Adds a text's templates. Throws TemplateParseError. */
  add(name: string, text: string): void {
    this.addParsed(parseCached(name, text, this.functions))
  }

  /** Adds a file's templates, parsed once as long as its bytes live. Throws TemplateParseError. */
  addFile(name: string, data: Buffer): void {
    let known = files.get(data)
    if (known?.name !== name) {
      known = parse(name, fromBytes(data), this.functions)
      files.set(data, known)
    }
    this.addParsed(known)
  }

  private addParsed({ trees, calls }: Parsed): void {
    for (const name of calls) this.calls.add(name)
    for (const tree of trees) {
      if (this.lookup(tree.name) && isEmptyTree(tree.root)) continue
      this.trees.set(tree.name, tree)
    }
  }

  /** The families of the functions that its texts name, without those that are loaded. */
  missingFamilies(): Set<string> {
    const missing = new Set<string>()
    for (const name of this.calls) {
      const family = this.functions.missingFamily(name)
      if (family !== undefined) missing.add(family)
    }
    return missing
  }

  /** The names of all templates. */
  names(): string[] {
    return [...new Set([...this.trees.keys(), ...(this.parent?.names() ?? [])])]
  }

  /** The output of template `name` on `data`. Throws ExecError, LimitError or FamilyMissing. */
  execute(name: string, data: Value, shared: Shared): string {
    return this.run(name, data, shared).out
  }

  /** execute, also telling where each piece of output came from. */
  trace(name: string, data: Value, shared: Shared): { out: string; trace: [number, Node][] } {
    const run = this.run(name, data, shared, [])
    return { out: run.out, trace: run.trace ?? [] }
  }

  private run(name: string, data: Value, shared: Shared, trace?: [number, Node][]): Run {
    const tree = this.lookup(name)
    if (!tree) throw new ExecError(`template: no template ${quote(name)} associated with template ${quote(ROOT)}`, undefined)
    const program = compile(tree, this.functions)
    const run = new Run(this, tree.name, shared)
    run.trace = trace
    run.frame = new Array(program.slots)
    run.frame[0] = data
    try {
      program.body(run, data)
    } catch (e) {
      const overflow = stackOverflow(e)
      if (overflow !== undefined) throw new LimitError(`${run.where()}: ${overflow}`)
      throw e
    }
    return run
  }
}
