import { goJson } from '../../apimachinery/go-quote.ts'
import { jsonText, numberOf, typedNumber, WholeFloat, WrittenNumber } from '../../apimachinery/json.ts'
import type { Steps } from '../../apimachinery/steps.ts'
import { changedItems, changedMembers } from '../../crd/schema/changes.ts'
import type { Json, JsonObject } from '../../crd/schema/json-schema.ts'
import { DecodeError } from '../schema/decode.ts'
import { type Node, nodeValue } from '../schema/json-syntax.ts'

// kube-apiserver applies JSON and merge patches to texts: how a number is written decides whether an integer field takes it (1.0 is no
// integer), and `test` compares texts.

/** The value of `node` with numbers as they are written, where the server would write them otherwise. */
export const writtenValue = (node: Node): unknown => nodeValue(node, writtenNumber)

function writtenNumber(text: string): number | bigint | WrittenNumber {
  const number = numberOf(text)
  return jsonText(number) === text ? number : new WrittenNumber(text)
}

/** Whether `value`, made by `writtenValue`, has a number that the server would write otherwise. */
export function hasWritten(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (value instanceof WrittenNumber) return true
  for (const inner of Object.values(value)) if (hasWritten(inner)) return true
  return false
}

/** So many members are looked at in one step. */
const stepSize = 500

/** `value` with numbers as Go has them where it reads them without a type; `isTyped` when there is a `WholeFloat` in it. Throws DecodeError for
 *  what is beyond float64. */
export function* typedValue(value: unknown): Steps<{ readonly value: unknown; readonly isTyped: boolean }> {
  let isTyped = false
  let looked = 0
  const typed = function* (part: unknown): Steps<unknown> {
    if (++looked % stepSize === 0) yield
    if (typeof part !== 'object' || part === null) return part
    if (part instanceof WrittenNumber) {
      const number = typedNumber(part.text)
      if (number instanceof WholeFloat) isTyped = true
      if (number === Infinity || number === -Infinity) {
        throw new DecodeError(`json: cannot unmarshal number ${part.text} into Go value of type float64`)
      }
      return number
    }
    if (!Array.isArray(part)) return yield* changedMembers(part as JsonObject, (_key, inner) => typed(inner) as Steps<Json>)
    return yield* changedItems(part, (inner) => typed(inner) as Steps<Json>)
  }
  return { value: yield* typed(value), isTyped }
}

/** Whether `found` is written as `node` is, but for the order of members. */
export function isWrittenAs(found: unknown, node: Node): boolean {
  if (Array.isArray(found)) {
    return (
      node.kind === 'array' && found.length === node.items.length && node.items.every((item, i) => isWrittenAs(found[i], item))
    )
  }
  if (typeof found === 'object' && found !== null && !(found instanceof WrittenNumber)) {
    if (node.kind !== 'object') return false
    const members = new Map(node.entries)
    const own = found as Record<string, unknown>
    const keys = Object.keys(own)
    return keys.length === members.size && keys.every((key) => isMemberWrittenAs(own[key], members.get(key)))
  }
  if (node.kind === 'string') return goJson(found) === node.written
  if (node.kind === 'number') return jsonText(found) === node.text
  return node.kind === 'bool' ? found === node.value : node.kind === 'null' && (found === null || found === undefined)
}

const isMemberWrittenAs = (found: unknown, node: Node | undefined): boolean => node !== undefined && isWrittenAs(found, node)
