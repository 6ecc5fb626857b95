import { jsonText, parseJson } from '../../apimachinery/json.ts'
import { isSmall } from '../../apimachinery/json-size.ts'
import { doubleText } from '../../apimachinery/number-text.ts'
import { sortSteps } from '../../apimachinery/sort-steps.ts'
import type { Steps } from '../../apimachinery/steps.ts'
import { compareKeys } from '../../apimachinery/yaml/key-order.ts'
import { hasBreak, styled } from '../../apimachinery/yaml/scalar-text.ts'

const width = 80
const longestSimpleKey = 128
const keyOrder = compareKeys(false)

/** Texts that YAML 1.1 would read as something else when they are not quoted. */
const ambiguous =
  /^(?:[-+]?[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?|[-+]?\.[0-9_]+(?:[eE][-+]?[0-9]+)?|[-+]?0[xXob][0-9a-fA-F_]+|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)|~|null|Null|NULL|true|True|TRUE|false|False|FALSE|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF|y|Y|n|N|\d{4}-\d\d?-\d\d?(?:[Tt ].*)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?|)$/

/** What looks like a number beyond float64 is none. */
const isAmbiguous = (text: string): boolean => ambiguous.test(text) && Math.abs(Number(text.replaceAll('_', ''))) !== Infinity

const largestUint64 = 2n ** 64n - 1n

/** go-yaml reads the digits of JSON first: what is no integer of 64 bits then is a float64, with an exponent from 1e6 on. */
function yamlNumber(value: number): string {
  const isInteger = Number.isInteger(value) && Math.abs(value) < 1e21
  if (!isInteger) return doubleText(value)
  const digits = BigInt(JSON.stringify(value))
  return digits <= largestUint64 && digits >= -(2n ** 63n) ? String(digits) : doubleText(value)
}

/** As sigs.k8s.io/yaml writes what JSON holds: keys in order, lists not indented, long texts folded. */
export function yamlText(object: object): string {
  const value: unknown = parseJson(jsonText(object))
  if (isEmpty(value) || !isCollection(value)) return `${scalar(value, 2, 0)}\n`
  return collection(value, 0, true)
}

/** As `yamlText`, in steps: each part goes to `put`. What is large is plain JSON, as stored objects are. */
export function* yamlTextSteps(object: object, put: (text: string) => void): Steps<void> {
  if (isSmall(object)) return put(yamlText(object))
  yield* collectionSteps(object as Collection, 0, true, put)
}

function* collectionSteps(value: Collection, indent: number, inline: boolean, put: (text: string) => void): Steps<void> {
  yield
  if (isSmall(value)) return put(collection(plain(value) as Collection, indent, inline))
  const pad = ' '.repeat(indent)
  let start = inline ? '' : pad
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) {
      if (i % itemsInStep === itemsInStep - 1) yield
      put(`${start}- `)
      yield* elementSteps(item, indent, put)
      start = pad
    }
    return
  }
  const keys = yield* sortSteps(Object.keys(value), keyOrder)
  for (const [i, key] of keys.entries()) {
    if (i % stepSize === stepSize - 1) yield
    const item = value[key]
    if (item === undefined) continue
    put(start)
    start = pad
    if (isSmall(item)) put(member(key, plain(item), indent))
    else {
      put(`${nameOf(key, indent)}${isLong(key) ? ' ' : '\n'}`)
      yield* collectionSteps(item as Collection, Array.isArray(item) && !isLong(key) ? indent : indent + 2, isLong(key), put)
    }
  }
}

function* elementSteps(item: unknown, indent: number, put: (text: string) => void): Steps<void> {
  if (isSmall(item)) return put(element(plain(item), indent))
  yield* collectionSteps(item as Collection, indent + 2, true, put)
}

/** So many members, and items of lists, which have more in them, are written in one step. */
const stepSize = 100
const itemsInStep = 10

/** As JSON has it: without what JSON has no word for. */
const plain = (value: unknown): unknown =>
  typeof value === 'object' && value !== null ? parseJson(jsonText(value)) : value === undefined ? null : value

type Collection = unknown[] | Record<string, unknown>

const isCollection = (value: unknown): value is Collection => typeof value === 'object' && value !== null
const isEmpty = (value: unknown): boolean => isCollection(value) && Object.keys(value).length === 0

function collection(value: Collection, indent: number, inline: boolean): string {
  const pad = ' '.repeat(indent)
  const lines = Array.isArray(value)
    ? value.map((item) => `- ${element(item, indent)}`)
    : Object.keys(value)
        .sort(keyOrder)
        .map((key) => member(key, value[key], indent))
  return lines.map((line, i) => (inline && i === 0 ? line : pad + line)).join('')
}

function element(item: unknown, indent: number): string {
  if (isCollection(item) && !isEmpty(item)) return collection(item, indent + 2, true)
  return `${scalar(item, indent + 2, indent + 2)}\n`
}

function member(key: string, value: unknown, indent: number): string {
  const name = nameOf(key, indent)
  if (isLong(key)) return `${name} ${element(value, indent)}`
  if (isCollection(value) && !isEmpty(value)) {
    return `${name}\n${collection(value, Array.isArray(value) ? indent : indent + 2, false)}`
  }
  return `${name} ${scalar(value, indent + 2, indent + name.length + 1)}\n`
}

/** Such a key stands behind `?`, its value behind `:` on a line of its own. */
const isLong = (key: string): boolean => hasBreak(key) || Buffer.byteLength(key) > longestSimpleKey

const nameOf = (key: string, indent: number): string =>
  isLong(key) ? `? ${scalar(key, indent + 2, indent + 2)}\n${' '.repeat(indent)}:` : `${scalar(key, indent + 2, indent, true)}:`

function scalar(value: unknown, indent: number, column: number, key = false): string {
  if (typeof value === 'string') return styled(value, { indent, column, key, width, pretty: false }, !isAmbiguous(value))
  if (typeof value === 'number') return yamlNumber(value)
  if (isCollection(value)) return Array.isArray(value) ? '[]' : '{}'
  return String(value)
}
