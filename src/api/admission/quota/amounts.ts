import type { PodSpec } from '../../../apimachinery/kinds.generated.ts'
import {
  addQuantities,
  canonicalQuantity,
  compareQuantities,
  formatQuantity,
  parseQuantity,
  type Quantity,
  quantityOf,
  signOf,
  subtractQuantities,
} from '../../../apimachinery/quantity.ts'

export type Amounts = ReadonlyMap<string, Quantity>

export const nothing: Amounts = new Map()
export const count = (n: number): Quantity => quantityOf(n)

export const amountsOf = (list: Readonly<Record<string, string | number>> | undefined): Amounts =>
  new Map(Object.entries(list ?? {}).map(([name, text]) => [name, parseQuantity(canonicalQuantity(text))]))

export const amountText = (amount: Quantity | undefined): string => (amount ? formatQuantity(amount) : '0')

export const textsOf = (amounts: Amounts): Record<string, string> =>
  Object.fromEntries([...amounts].map(([name, amount]) => [name, amountText(amount)]))

/** `cpu=1,memory=2Gi`. */
export const listText = (amounts: Amounts): string =>
  [...amounts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, amount]) => `${name}=${amountText(amount)}`)
    .join(',')

export const isMore = (a: Quantity, b: Quantity): boolean => compareQuantities(a, b) > 0

function merged(a: Amounts, b: Amounts, join: (x: Quantity, y: Quantity) => Quantity): Amounts {
  const result = new Map(a)
  for (const [name, amount] of b) {
    const known = result.get(name)
    result.set(name, known ? join(known, amount) : amount)
  }
  return result
}

export const add = (a: Amounts, b: Amounts): Amounts => merged(a, b, addQuantities)
const larger = (a: Amounts, b: Amounts): Amounts => merged(a, b, (x, y) => (isMore(y, x) ? y : x))
export const only = (amounts: Amounts, names: ReadonlySet<string>): Amounts =>
  new Map([...amounts].filter(([name]) => names.has(name)))
export const withoutZeros = (amounts: Amounts): Amounts => new Map([...amounts].filter(([, amount]) => signOf(amount) !== 0))

/** `a - b`, nowhere below zero. */
export function less(a: Amounts, b: Amounts): Amounts {
  const left = [...a].map(([name, amount]): [string, Quantity] => {
    const taken = b.get(name)
    const rest = taken ? subtractQuantities(amount, taken) : amount
    return [name, signOf(rest) > 0 ? rest : quantityOf(0, 0, rest.format)]
  })
  return new Map(left)
}

/** What a pod needs at once: all its containers, or the largest of its init containers beside the sidecars started before it. */
export function podAmounts(spec: PodSpec, which: 'requests' | 'limits', withOverhead: boolean): Amounts {
  let total = spec.containers.reduce((sumSoFar, c) => add(sumSoFar, amountsOf(c.resources?.[which])), nothing)
  let sidecars = nothing
  let starting = nothing
  for (const container of spec.initContainers ?? []) {
    const own = amountsOf(container.resources?.[which])
    if (container.restartPolicy === 'Always') {
      total = add(total, own)
      sidecars = add(sidecars, own)
      starting = larger(starting, sidecars)
    } else {
      starting = larger(starting, add(own, sidecars))
    }
  }
  const podLevel = only(amountsOf(spec.resources?.[which]), new Set(['cpu', 'memory']))
  const needed = new Map([...larger(total, starting), ...podLevel])
  if (!withOverhead) return needed
  const overhead = amountsOf(spec.overhead)
  return which === 'requests' ? add(needed, overhead) : add(needed, only(overhead, new Set(needed.keys())))
}
