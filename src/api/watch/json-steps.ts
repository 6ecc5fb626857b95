import { goJson } from '../../apimachinery/go-quote.ts'
import { mostInOrder as partSize, sortedKeys, sortedKeysSteps, startsWithDigit } from '../../apimachinery/key-order.ts'
import type { Steps } from '../../apimachinery/steps.ts'

/** What `goJson` gives for a JSON value, in steps: the members of a large object, which is a map, take it longer than others may wait. They are
 *  put in order here. */
export function* jsonSteps(value: unknown): Steps<string> {
  if (typeof value !== 'object' || value === null) return goJson(value)
  return Array.isArray(value) ? yield* list(value) : yield* object(value as Record<string, unknown>)
}

function* list(items: readonly unknown[]): Steps<string> {
  const parts: string[] = []
  if (items.length <= partSize) {
    for (const item of items) parts.push(yield* jsonSteps(item))
    return `[${parts.join(',')}]`
  }
  for (let from = 0; from < items.length; from += partSize) {
    yield
    parts.push(goJson(items.slice(from, from + partSize)).slice(1, -1))
  }
  return `[${parts.join(',')}]`
}

function* object(members: Record<string, unknown>): Steps<string> {
  const given = Object.keys(members)
  const isMap = given.length > partSize
  const keys = isMap ? yield* sortedKeysSteps(given) : startsWithDigit(given[0]) ? sortedKeys(given) : given
  let text = ''
  for (const [i, key] of keys.entries()) {
    if (i % partSize === partSize - 1) yield
    const value = members[key]
    if (value === undefined) continue
    const json = isMap ? goJson(value) : yield* jsonSteps(value)
    text += `${text === '' ? '' : ','}${goJson(key)}:${json}`
  }
  return `{${text}}`
}
