import { goJson } from '../../apimachinery/go-quote.ts'
import type { Steps } from '../../apimachinery/steps.ts'

/** Lists and objects of more are written in parts of so many. */
const partSize = 500

/** What `goJson` gives for a JSON value, in steps: the members of a large object take it longer than others may wait. */
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
  const keys = Object.keys(members)
  let text = ''
  for (const [i, key] of keys.entries()) {
    if (i % partSize === partSize - 1) yield
    const value = members[key]
    if (value === undefined) continue
    const json = keys.length > partSize ? goJson(value) : yield* jsonSteps(value)
    text += `${text === '' ? '' : ','}${goJson(key)}:${json}`
  }
  return `{${text}}`
}
