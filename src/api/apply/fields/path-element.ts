import { jsonText, parseJson } from '../../../apimachinery/json.ts'
import { numberText } from '../../../apimachinery/number-text.ts'
import { sortSteps } from '../../../apimachinery/sort-steps.ts'
import type { Steps } from '../../../apimachinery/steps.ts'

/** One step of a field path, as fieldsV1 writes it: `f:name` a field, `k:{"name":"a"}` a list item by its keys, `v:"x"` a set item,
 *  `i:0` an index. Two elements are the same exactly when these texts are. */
export type PathElement = string

export type Path = readonly PathElement[]

export const fieldElement = (name: string): PathElement => `f:${name}`
export const indexElement = (index: number): PathElement => `i:${index}`
export const valueElement = (value: unknown): PathElement => `v:${goJson(value)}`

/** `keys` sorted by name. */
export function keyElement(keys: readonly (readonly [name: string, value: unknown])[]): PathElement {
  return `k:{${keys.map(([name, value]) => `${goJson(name)}:${goJson(value)}`).join(',')}}`
}

export const isField = (element: PathElement): boolean => element.charCodeAt(0) === 102
export const fieldName = (element: PathElement): string => element.slice(2)

/** Needs no escape. */
const plain = /^[\w ./-]*$/
const special = /[<>&\u2028\u2029]/g

/** JSON as Go writes it into fieldsV1: keys sorted, `<`, `>` and `&` escaped. */
export function goJson(value: unknown): string {
  if (typeof value === 'string' && plain.test(value)) return `"${value}"`
  if (Array.isArray(value)) return `[${value.map(goJson).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const object = value as Record<string, unknown>
    const members = Object.keys(object).sort()
    return `{${members.map((key) => `${goJson(key)}:${goJson(object[key])}`).join(',')}}`
  }
  const text = jsonText(value) ?? 'null'
  return special.test(text) ? text.replace(special, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`) : text
}

/** Brings an element that a client wrote into the one text it has. Undefined when its type is unknown and Go would skip it.
 *  Throws an Error with Go's message. */
export function normalElement(text: string): PathElement | undefined {
  if (text.length < 2) throw new Error('key must be 2 characters long:')
  if (text[1] !== ':') throw new Error(`missing colon: ${text}`)
  const rest = text.slice(2)
  switch (text[0]) {
    case 'f':
      return text
    case 'v':
      return valueElement(parseJson(rest))
    case 'k': {
      const keys: unknown = parseJson(rest)
      if (typeof keys !== 'object' || keys === null || Array.isArray(keys)) throw new Error(`not an object: ${rest}`)
      return keyElement(sortedEntries(keys))
    }
    case 'i':
      if (!/^[+-]?\d+$/.test(rest)) throw new Error(`strconv.Atoi: parsing ${jsonText(rest)}: invalid syntax`)
      return indexElement(Number(rest))
    default:
      return undefined
  }
}

const sortedEntries = (object: object): [string, unknown][] => Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1))

const kindOrder = 'fkvi'

interface Ranked {
  readonly element: PathElement
  readonly kind: number
  /** What follows the kind, read once: it is compared many times. */
  readonly rest: unknown
}

/** Sorts in place, and returns, in the order in which Go writes path elements: fields, keys, values, indexes. */
export function sortElements(elements: PathElement[]): PathElement[] {
  // Fields alone, nearly always: their texts are in that order.
  if (elements.every(isField)) return elements.sort()
  const frame = frameOf(elements)
  if (frame) return sortFramed(elements, frame)
  const ranked = elements.map(rankedOf).sort(compareRanked)
  for (const [i, { element }] of ranked.entries()) elements[i] = element
  return elements
}

/** Whether Go writes `a` before `b`. */
export function isBefore(a: PathElement, b: PathElement): boolean {
  if (isField(a)) return !isField(b) || a < b
  return !isField(b) && compareRanked(rankedOf(a), rankedOf(b)) < 0
}

/** So many are sorted at once. */
const sortedAtOnce = 1000

/** As `sortElements`, in steps; `elements` may change. */
export function* sortElementsSteps(elements: PathElement[]): Steps<PathElement[]> {
  if (elements.length <= sortedAtOnce) return sortElements(elements)
  if (elements.every(isField)) return yield* sortSteps(elements)
  yield
  const frame = frameOf(elements)
  yield
  if (frame) {
    const { before, after } = frame
    const texts = yield* sortSteps(elements.map((element) => inside(element, frame)))
    return texts.map((text) => before + text + after)
  }
  const ranked: Ranked[] = []
  for (const element of elements) {
    ranked.push(rankedOf(element))
    if (ranked.length % sortedAtOnce === 0) yield
  }
  return (yield* sortSteps(ranked, compareRanked)).map(({ element }) => element)
}

/** What stands around the one text of an element, `v:"…"` or `k:{"name":"…"}`. */
interface Frame {
  readonly before: string
  readonly after: string
}

const framed = /^(v:"|k:\{"[^"\\]*":")[^"\\]*("|"\})$/

/** The frame that all elements share, if they do: items of one list, nearly always. Their texts are then in the order that they have alone. */
function frameOf(elements: readonly PathElement[]): Frame | undefined {
  const [, before, after] = framed.exec(elements[0] ?? '') ?? []
  if (before === undefined || after === undefined) return undefined
  for (const element of elements) {
    if (!element.startsWith(before) || !element.endsWith(after) || element.length < before.length + after.length) return undefined
    if (element.indexOf('"', before.length) !== element.length - after.length || element.includes('\\')) return undefined
  }
  return { before, after }
}

const inside = (element: PathElement, { before, after }: Frame): string =>
  element.slice(before.length, element.length - after.length)

function sortFramed(elements: PathElement[], frame: Frame): PathElement[] {
  const { before, after } = frame
  const texts = elements.map((element) => inside(element, frame)).sort()
  for (const [i, text] of texts.entries()) elements[i] = before + text + after
  return elements
}

function rankedOf(element: PathElement): Ranked {
  const kind = kindOrder.indexOf(element[0] ?? '')
  const text = element.slice(2)
  switch (element[0]) {
    case 'k':
      return { element, kind, rest: sortedEntries(parseJson(text) as object) }
    case 'v':
      return { element, kind, rest: parseJson(text) }
    case 'i':
      return { element, kind, rest: Number(text) }
    default:
      return { element, kind, rest: text }
  }
}

function compareRanked(a: Ranked, b: Ranked): number {
  if (a.kind !== b.kind) return a.kind - b.kind
  if (a.element[0] === 'k') return compareKeys(a.rest as [string, unknown][], b.rest as [string, unknown][])
  return compareValues(a.rest, b.rest)
}

function compareKeys(a: [string, unknown][], b: [string, unknown][]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const [nameA, valueA] = a[i] as [string, unknown]
    const [nameB, valueB] = b[i] as [string, unknown]
    if (nameA !== nameB) return nameA < nameB ? -1 : 1
    const order = compareValues(valueA, valueB)
    if (order !== 0) return order
  }
  return a.length - b.length
}

const rank = (value: unknown): number => {
  if (Array.isArray(value)) return 3
  return { number: 0, bigint: 0, string: 1, boolean: 2, object: value === null ? 5 : 4 }[typeof value as 'number'] ?? 5
}

function compareValues(a: unknown, b: unknown): number {
  if (rank(a) !== rank(b)) return rank(a) - rank(b)
  if (typeof a === 'number' || typeof a === 'bigint' || typeof a === 'string' || typeof a === 'boolean')
    return a === b ? 0 : a < (b as typeof a) ? -1 : 1
  const [left, right] = [goJson(a), goJson(b)]
  return left === right ? 0 : left < right ? -1 : 1
}

/** `.spec.containers[name="a"].image`, as conflicts name a field. */
export function pathText(path: Path): string {
  return path.map(elementText).join('')
}

export function elementText(element: PathElement): string {
  const rest = element.slice(2)
  switch (element[0]) {
    case 'f':
      return `.${rest}`
    case 'i':
      return `[${rest}]`
    case 'v':
      return `[=${valueText(parseJson(rest))}]`
    default:
      return `[${sortedEntries(parseJson(rest) as object)
        .map(([name, value]) => `${name}=${valueText(value)}`)
        .join(',')}]`
  }
}

function valueText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(valueText).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    return sortedEntries(value)
      .map(([name, item]) => `${name}=${valueText(item)}`)
      .join('')
  }
  if (typeof value === 'number') return numberText(value)
  return typeof value === 'string' ? JSON.stringify(value) : String(value)
}
