import { actualSize, type CallEstimate, type Operand, type Sizes } from '../cost-estimate.ts'
import { add, fixed, LIST_CREATE, multiply, ONE, type Range, REGEX_LENGTH, STRING_TRAVERSAL, scale } from '../cost-range.ts'
import type { Overload } from '../environment.ts'
import type { CelType } from '../types.ts'
import { CelList, CelMap, type Value } from '../values.ts'

type Costs = Required<Pick<Overload, 'estimate' | 'cost'>>

const size = (value: Value | undefined): number => actualSize(value as Value)

/** One walk along the text of operand `index`. The result is as long where `sized`. */
export function traversal(index: number, options: { sized?: boolean; times?: number } = {}): Costs {
  const factor = (options.times ?? 1) * STRING_TRAVERSAL
  return {
    cost: (args) => Math.ceil(size(args[index]) * factor),
    estimate: (operands, sizes) => {
      const length = sizes.of(operands[index] as Operand)
      const cost = scale(length, factor)
      return options.sized ? { cost, size: length } : { cost }
    },
  }
}

/** Matching the text at `text` with the pattern at `pattern`. */
export function matching(text: number, pattern: number, result?: (length: Range) => Range): Costs {
  return {
    cost: (args) => Math.ceil((1 + size(args[text])) * STRING_TRAVERSAL) * Math.ceil(size(args[pattern]) * REGEX_LENGTH),
    estimate: (operands, sizes) => {
      const length = sizes.of(operands[text] as Operand)
      const walk = scale(add(length, ONE), STRING_TRAVERSAL)
      const cost = multiply(walk, scale(sizes.of(operands[pattern] as Operand), REGEX_LENGTH))
      return result === undefined ? { cost } : { cost, size: result(length) }
    },
  }
}

/** Comparing two values: the shorter one is walked along. */
export const comparison: Costs = {
  cost: (args) => Math.ceil(Math.min(size(args[0]), size(args[1])) * STRING_TRAVERSAL),
  estimate: (operands, sizes) => {
    const max = Math.min(sizes.of(operands[0] as Operand).max, sizes.of(operands[1] as Operand).max)
    return { cost: scale({ min: max > 0 ? 1 : 0, max }, STRING_TRAVERSAL) }
  },
}

/** Kubernetes' types whose values are compared at once, however long the text is that they were read from. */
const comparedAtOnce =
  /^(?:net\.(?:IP|CIDR)|kubernetes\.(?:Quantity|Semver|authorization\.(?:Authorizer|PathCheck|GroupCheck|ResourceCheck|Decision)))$/

/** How many letters the name of a format may have. */
const longestFormat = 64

/** `==`; `!=` is not looked at so closely. */
export const equality: Costs = {
  cost: comparison.cost,
  estimate: (operands, sizes) => {
    const [a, b] = operands.map(({ type }) => type)
    if (!a || a.name !== b?.name) return comparison.estimate(operands, sizes)
    if (a.name === 'kubernetes.NamedFormat') return { cost: { min: 1, max: Math.ceil(longestFormat * STRING_TRAVERSAL) } }
    return comparedAtOnce.test(a.name) ? { cost: ONE } : comparison.estimate(operands, sizes)
  },
}

/** Making a text or list of both operands. */
export function concatenation(copies: boolean): Costs {
  return {
    cost: (args) => (copies ? Math.ceil((size(args[0]) + size(args[1])) * STRING_TRAVERSAL) : 1),
    estimate: (operands, sizes) => {
      const sum = add(sizes.of(operands[0] as Operand), sizes.of(operands[1] as Operand))
      return { cost: copies ? scale(sum, STRING_TRAVERSAL) : ONE, size: sum }
    },
  }
}

/** A call that makes a list of `length` and does `factor` units of work for each element. */
export function listCall(factor: number, length: Range): CallEstimate {
  return { cost: add(add(scale(length, factor), ONE), fixed(LIST_CREATE)), size: length }
}

export const listCallCost = (factor: number, length: number): number => Math.trunc(length * factor) + 1 + LIST_CREATE

/** An element of the list `operand`: its path lets its declared size be found. */
export function elementOf(operand: Operand): Operand | undefined {
  const type = operand.type.params[0]
  if (type === undefined) return undefined
  return { path: operand.path && [...operand.path, '@items'], type, expr: undefined, size: undefined, entrySize: undefined }
}

/** Looking once at each element of the list (or char of the text) in operand 0. */
export const walkOver: Costs = {
  cost: (args) => treeCost(args[0] as Value),
  estimate: (operands, sizes) => {
    const target = operands[0] as Operand
    const element = elementOf(target)
    if (element === undefined) return { cost: scale(sizes.of(target), STRING_TRAVERSAL) }
    const each = isText(element.type) ? add(ONE, scale(declaredSize(element, sizes), STRING_TRAVERSAL)) : ONE
    return { cost: multiply(sizes.of(target), each) }
  },
}

const declaredSize = (operand: Operand, sizes: Sizes): Range => sizes.of(operand)

const isText = (type: CelType): boolean => type.kind === 'string' || type.kind === 'bytes'

function treeCost(value: Value): number {
  if (typeof value === 'string') return Math.trunc(Buffer.byteLength(value) * STRING_TRAVERSAL)
  if (value instanceof Uint8Array) return Math.trunc(value.length * STRING_TRAVERSAL)
  if (value instanceof CelList) {
    let sum = 0
    for (let i = 0; i < value.size; i++) sum += treeCost(value.at(i))
    return sum
  }
  if (value instanceof CelMap)
    return value.keys().reduce((sum: number, key) => sum + treeCost(key) + treeCost(value.get(key) as Value), 0)
  return 1
}
