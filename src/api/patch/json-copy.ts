import { jsonText, WholeFloat, WrittenNumber } from '../../apimachinery/json.ts'
import { setMember } from '../../apimachinery/members.ts'
import type { Steps } from '../../apimachinery/steps.ts'

interface Copy {
  readonly value: unknown
  /** Of its text. */
  bytes: number
  /** How many values stand beside others, in it all. */
  values: number
}

/** So many members are copied in one step. */
const stepSize = 1000

/** A copy of a JSON value, numbers as they are written, and how large it is. */
export function* copyOf(value: unknown): Steps<Copy> {
  const size = { bytes: 0, values: 0, steps: 0 }
  return { value: yield* copied(value, size), bytes: size.bytes, values: size.values }
}

function* copied(value: unknown, size: { bytes: number; values: number; steps: number }): Steps<unknown> {
  if (typeof value !== 'object' || value === null || value instanceof WrittenNumber || value instanceof WholeFloat) {
    size.bytes += textBytes(value)
    return value instanceof WholeFloat ? Number(value) : value
  }
  const isList = Array.isArray(value)
  const list: unknown[] = []
  const members: Record<string, unknown> = {}
  let count = 0
  for (const [key, item] of isList ? value.entries() : memberEntries(value as Record<string, unknown>)) {
    if (++size.steps % stepSize === 0) yield
    const isLeaf = typeof item !== 'object' || item === null
    if (isLeaf) size.bytes += textBytes(item)
    const copy = isLeaf ? item : yield* copied(item, size)
    count++
    if (isList) list.push(copy)
    else {
      size.bytes += textBytes(key) + 1
      setMember(members, key as string, copy)
    }
  }
  const commas = Math.max(0, count - 1)
  size.bytes += 2 + commas
  size.values += commas
  return isList ? list : members
}

function* memberEntries(object: Record<string, unknown>): Generator<[string, unknown]> {
  for (const key of Object.keys(object)) if (object[key] !== undefined) yield [key, object[key]]
}

const textBytes = (leaf: unknown): number => Buffer.byteLength(jsonText(leaf) ?? 'null')
