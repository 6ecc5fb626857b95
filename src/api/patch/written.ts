import { goJson } from '../../apimachinery/go-quote.ts'
import { jsonText, numberOf, WrittenNumber } from '../../apimachinery/json.ts'
import { type Node, objectFrom } from '../schema/json-syntax.ts'

// kube-apiserver applies JSON and merge patches to texts: how a number is written decides whether an integer field takes it (1.0 is no
// integer), and `test` compares texts.

/** The value of `node` with numbers as they are written, where the server would write them otherwise. */
export function writtenValue(node: Node): unknown {
  switch (node.kind) {
    case 'object':
      return objectFrom(node.entries.map(([key, value]) => [key, writtenValue(value)] as const))
    case 'array':
      return node.items.map(writtenValue)
    case 'number': {
      const number = numberOf(node.text)
      return jsonText(number) === node.text ? number : new WrittenNumber(node.text)
    }
    case 'null':
      return null
    default:
      return node.value
  }
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
