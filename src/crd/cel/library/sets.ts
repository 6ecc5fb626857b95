import { add, multiply, ONE, scale } from '../cost-range.ts'
import type { Library, Overload } from '../environment.ts'
import { equals } from '../equality.ts'
import { BOOL, listOf, typeParam } from '../types.ts'
import { type CelList, listItems, type Value } from '../values.ts'
import { overload } from './signature.ts'

const listOfT = listOf(typeParam('T'))

const includes = (list: CelList, item: Value): boolean => listItems(list).some((other) => equals(other, item))
const containsAll = (list: CelList, sub: CelList): boolean => listItems(sub).every((item) => includes(list, item))
const isEquivalent = (a: CelList, b: CelList): boolean => containsAll(a, b) && containsAll(b, a)
const intersects = (a: CelList, b: CelList): boolean => listItems(a).some((item) => includes(b, item))

/** Each element is compared with each of the other list, `factor` times. */
const pairwise = (factor: number): Pick<Overload, 'cost' | 'estimate'> => ({
  cost: (args) => 1 + (args[0] as CelList).size * (args[1] as CelList).size * factor,
  estimate: (operands, sizes) => {
    const [a, b] = operands.map((operand) => sizes.of(operand))
    return a && b && { cost: add(scale(multiply(a, b), factor), ONE) }
  },
})

const on = (id: string, call: (a: CelList, b: CelList) => boolean, factor: number): Overload =>
  overload(id, [listOfT, listOfT], BOOL, call, pairwise(factor))

/** cel-go's sets extension. */
export const sets: Library = {
  functions: {
    'sets.contains': [on('list_sets_contains_list', containsAll, 1)],
    'sets.equivalent': [on('list_sets_equivalent_list', isEquivalent, 2)],
    'sets.intersects': [on('list_sets_intersects_list', intersects, 1)],
  },
}
