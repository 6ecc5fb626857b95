// One execution of a template: output, position, variables and the limits that bound it.

import { quote } from '../../apimachinery/go-quote.ts'
import type { IncludeMemo } from './include-memo.ts'
import { type Node, placeOf, print } from './nodes.ts'
import type { TemplateSet } from './template-set.ts'
import type { Value } from './value.ts'

/** A template that failed while it ran. The message is Go's; `inner` is the error of the function it called. */
export class ExecError extends Error {
  readonly inner: unknown
  readonly node: Node | undefined
  constructor(message: string, node: Node | undefined, inner?: unknown) {
    super(message)
    this.name = 'ExecError'
    this.node = node
    this.inner = inner
  }
}

/** What a template function reports: `error calling NAME: MESSAGE`. */
export class FunctionError extends Error {
  readonly inner: unknown
  constructor(message: string, inner?: unknown) {
    super(message)
    this.name = 'FunctionError'
    this.inner = inner
  }
}

/** Ends a render that is to be started again when something has been fetched. */
export class Interrupt extends Error {}

/** A template that wants more time, memory or depth than is allowed. */
export class LimitError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'LimitError'
  }
}

export interface Limits {
  /** Calls and loop rounds of one render. */
  readonly steps: number
  /** Characters of one string, one output. */
  readonly length: number
  /** {{template}} inside {{template}}. */
  readonly depth: number
}
export const DEFAULT_LIMITS: Limits = { steps: 5_000_000, length: 64 << 20, depth: 100_000 }

/** What all runs of one render share. `host` is what contextual functions find (clock, randomness, lookup, includes). */
export interface Shared<Host = unknown> {
  steps: number
  readonly limits: Limits
  readonly strict: boolean
  readonly host: Host
  readonly included: Map<string, number>
  readonly memo: IncludeMemo
}

export class Run<Host = unknown> {
  out = ''
  node: Node | undefined
  frame: Value[] = []
  template: string
  depth = 0
  readonly set: TemplateSet
  readonly shared: Shared<Host>
  /** When set, where each piece of output came from: [offset in out, node]. */
  trace: [number, Node][] | undefined

  constructor(set: TemplateSet, template: string, shared: Shared<Host>) {
    this.set = set
    this.template = template
    this.shared = shared
  }

  /** Counts one call or loop round. */
  step(): void {
    if (++this.shared.steps > this.shared.limits.steps) {
      throw new LimitError(`${this.where()}: rendering takes more than ${this.shared.limits.steps} steps`)
    }
  }

  checkLength(length: number): void {
    if (length > this.shared.limits.length) {
      throw new LimitError(`${this.where()}: a text grows beyond ${this.shared.limits.length >> 20} MiB`)
    }
  }

  where(): string {
    if (!this.node) return this.template
    const { line, column } = placeOf(this.node)
    return `${this.node.source.name}:${line}:${column}`
  }

  fail(what: string, inner?: unknown): never {
    if (!this.node) throw new ExecError(`template: ${this.template}: ${what}`, undefined, inner)
    throw new ExecError(
      `template: ${this.where()}: executing ${quote(this.template)} at <${print(this.node)}>: ${what}`,
      this.node,
      inner,
    )
  }
}
