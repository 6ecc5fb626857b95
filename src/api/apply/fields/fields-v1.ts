import { isSmall, markLarge } from '../../../apimachinery/json-size.ts'
import type { Steps } from '../../../apimachinery/steps.ts'
import { FieldSet } from './field-set.ts'
import { isBefore, isField, normalElement, type PathElement, sortElements, sortElementsSteps } from './path-element.ts'

/** The JSON of a set of fields (meta.k8s.io/v1 FieldsV1): `{"f:spec":{"f:replicas":{}}}`; `.` marks a member that has something below it. */
type FieldsV1 = { readonly [element: string]: FieldsV1 }

const parsed = new WeakMap<object, FieldSet>()
const written = new WeakMap<FieldSet, FieldsV1>()
/** The JSON of sets inside of others that were read, where it is as it would be written: what a change leaves alone is not written again. */
const levels = new WeakMap<FieldSet, { readonly fields: FieldsV1; readonly isMember: boolean }>()

/** Reads fieldsV1. Throws an Error when an element is malformed. Remembers the answer for the same object. */
export function readFields(fields: unknown): FieldSet {
  if (typeof fields !== 'object' || fields === null) return new FieldSet()
  const known = parsed.get(fields)
  if (known) return known
  const isFrozen = Object.isFrozen(fields)
  const level = readLevel(fields as Record<string, unknown>, isFrozen)
  const set = level.children ?? new FieldSet()
  if (isFrozen) {
    parsed.set(fields, set)
    if (level.isOrdered && !level.isMember) written.set(set, fields as FieldsV1)
  }
  return set
}

interface Level {
  /** undefined for a level with nothing in it: such a one is a member itself. */
  readonly children: FieldSet | undefined
  readonly isMember: boolean
  /** Whether it would be written as it is. Not told of levels with many elements other than fields: to compare them takes long. */
  readonly isOrdered: boolean
}

/** Reads in steps what `readFields` then finds read. What is malformed is left to that. */
export function* readFieldsAhead(fields: unknown): Steps<void> {
  if (typeof fields !== 'object' || fields === null || parsed.has(fields) || !Object.isFrozen(fields) || isSmall(fields)) return
  try {
    const { children } = yield* readLevelSteps(fields as Record<string, unknown>)
    parsed.set(fields, children ?? new FieldSet())
  } catch {}
}

/** So many elements are read in one step. */
const readInStep = 500

/** As `readLevel` for a frozen level of any size. */
function* readLevelSteps(level: Record<string, unknown>): Steps<Level> {
  if (isSmall(level)) return readLevel(level, true)
  let children: FieldSet | undefined
  let isMember = false
  const keys = Object.keys(level)
  yield
  for (const [i, key] of keys.entries()) {
    if (i % readInStep === readInStep - 1) yield
    const element = key === '.' ? undefined : normalElement(key)
    if (key === '.') isMember = true
    if (element === undefined) continue
    const inner = yield* readLevelSteps(levelAt(key, level[key]))
    children ??= new FieldSet()
    put(children, element, inner)
  }
  return { children, isMember: isMember || children === undefined, isOrdered: false }
}

function levelAt(key: string, below: unknown): Record<string, unknown> {
  if (typeof below !== 'object' || below === null || Array.isArray(below)) throw new Error(`expected an object at ${key}`)
  return below as Record<string, unknown>
}

function put(children: FieldSet, element: PathElement, inner: Level): void {
  if (inner.isMember) children.members.add(element)
  if (inner.children) children.children.set(element, inner.children)
}

const mostCompared = 20

/** `isFrozen`: nobody changes it any more. */
function readLevel(level: Record<string, unknown>, isFrozen: boolean): Level {
  let children: FieldSet | undefined
  let isMember = false
  let isOrdered = isFrozen
  let last: PathElement | undefined
  let left = mostCompared
  for (const key in level) {
    const below = level[key]
    if (key === '.') {
      isMember = true
      isOrdered &&= last === undefined
      continue
    }
    const element = normalElement(key)
    if (element === undefined) {
      isOrdered = false
      continue
    }
    const inner = readLevel(levelAt(key, below), isFrozen)
    children ??= new FieldSet()
    put(children, element, inner)
    isOrdered &&=
      inner.isOrdered && element === key && (isField(key) || --left >= 0) && (last === undefined || isBefore(last, key))
    last = element
  }
  if (children === undefined) return { children, isMember: true, isOrdered: isOrdered && !isMember }
  if (isOrdered) levels.set(children, { fields: level as FieldsV1, isMember })
  return { children, isMember, isOrdered }
}

/** The JSON of `set`, elements in Go's order; frozen. */
export function writeFields(set: FieldSet): FieldsV1 {
  const known = written.get(set)
  if (known) return known
  const fields = writeLevel(set, false)
  written.set(set, fields)
  parsed.set(fields, set)
  return fields
}

/** A level of more elements is written in parts. */
const partElements = 1000

/** As `writeFields` for a set of any size. */
export function* writeFieldsSteps(set: FieldSet): Steps<FieldsV1> {
  const known = written.get(set)
  if (known) return known
  if (!hasMore(set, partElements)) return writeFields(set)
  const fields = yield* writeLevelSteps(set, false)
  written.set(set, fields)
  parsed.set(fields, set)
  return fields
}

/** Whether `set` has more elements than so many, at all its levels. */
function hasMore(set: FieldSet, most: number): boolean {
  let left = most
  const open = [set]
  for (let next = open.pop(); next; next = open.pop()) {
    if (levels.has(next)) continue
    left -= next.members.size + next.children.size
    if (left < 0) return true
    for (const child of next.children.values()) open.push(child)
  }
  return false
}

const knownLevel = (set: FieldSet, isMember: boolean): FieldsV1 | undefined => {
  const known = levels.get(set)
  return known?.isMember === isMember ? known.fields : undefined
}

function* writeLevelSteps(set: FieldSet, isMember: boolean): Steps<FieldsV1> {
  const known = knownLevel(set, isMember)
  if (known) return known
  if (set.children.size === 0 && set.members.size <= partElements) return writeLevel(set, isMember)
  const level: Record<PathElement, FieldsV1> = {}
  if (isMember) level['.'] = leaf
  const elements = yield* sortElementsSteps(elementsOf(set))
  yield
  for (const [i, element] of elements.entries()) {
    if (i % partElements === partElements - 1) yield
    const below = set.children.get(element)
    level[element] = below ? yield* writeLevelSteps(below, set.members.has(element)) : leaf
  }
  if (elements.length >= partElements) markLarge(level)
  yield
  return Object.freeze(level)
}

const leaf: FieldsV1 = Object.freeze({})

function writeLevel(set: FieldSet, isMember: boolean): FieldsV1 {
  const known = knownLevel(set, isMember)
  if (known) return known
  const level: Record<PathElement, FieldsV1> = {}
  if (isMember && (set.members.size > 0 || set.children.size > 0)) level['.'] = leaf
  const hasBelow = set.children.size > 0
  for (const element of sortedElements(set)) {
    const below = hasBelow ? set.children.get(element) : undefined
    level[element] = below ? writeLevel(below, set.members.has(element)) : leaf
  }
  return Object.freeze(level)
}

function elementsOf(set: FieldSet): PathElement[] {
  const elements = [...set.members]
  for (const element of set.children.keys()) if (!set.members.has(element)) elements.push(element)
  return elements
}

function sortedElements(set: FieldSet): PathElement[] {
  const elements = elementsOf(set)
  return elements.length > 1 ? sortElements(elements) : elements
}

/** Every path of `set` in the order Go goes through them. */
export function* sortedPaths(set: FieldSet, prefix: readonly PathElement[] = []): Generator<readonly PathElement[]> {
  for (const element of sortElements([...set.members])) yield [...prefix, element]
  for (const element of sortElements([...set.children.keys()])) {
    const below = set.children.get(element)
    if (below) yield* sortedPaths(below, [...prefix, element])
  }
}
