import { goJson } from '../../apimachinery/go-quote.ts'
import { jsonText, numberOf, WrittenNumber } from '../../apimachinery/json.ts'
import { type Node, nodeValue } from '../schema/json-syntax.ts'

// kube-apiserver applies JSON and merge patches to texts: how a number is written decides whether an integer field takes it (1.0 is no
// integer), and `test` compares texts.

/** The value of `node` with numbers as they are written, where the server would write them otherwise. */
export const writtenValue = (node: Node): unknown => nodeValue(node, writtenNumber)

function writtenNumber(text: string): number | bigint | WrittenNumber {
  const number = numberOf(text)
  return jsonText(number) === text ? number : new WrittenNumber(text)
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
