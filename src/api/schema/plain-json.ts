import { setMember } from '../../apimachinery/members.ts'
import type { Steps } from '../../apimachinery/steps.ts'
import { endOfString, isPlainJson, maxDepth } from './json-syntax.ts'

/** A list or object of more letters is parsed in parts of about so many. */
const partLetters = 16 * 1024
/** So far is looked in one step. */
const scanLetters = 128 * 1024

/** A part of a large container: members as they stand there, or one member that is large itself. */
interface Part {
  readonly from: number
  readonly to: number
  /** `from` to `to` is then what stands before it: the key of a member of an object. */
  readonly child: Large | undefined
}

interface Large {
  readonly isObject: boolean
  readonly parts: readonly Part[]
}

/** A container that is open while the text is looked through. */
interface Open {
  readonly isObject: boolean
  readonly from: number
  /** What is not in `parts` yet begins here. */
  rest: number
  member: number
  parts: Part[] | undefined
  /** The last member was large, and is in `parts`. */
  isAfterChild: boolean
}

class NotPlain extends Error {}

/**
 * What JSON.parse gives for `text`, in steps, if that is the whole truth about it (`isPlainJson`); undefined if not, or if it is no JSON. One
 * JSON.parse of three megabytes of small values takes a tenth of a second.
 */
export function* plainJsonSteps(text: string): Steps<{ value: unknown } | undefined> {
  try {
    const root = yield* largeParts(text)
    return { value: root ? yield* assembled(text, root) : parsed(text) }
  } catch (e) {
    if (e instanceof NotPlain || e instanceof SyntaxError) return undefined
    throw e
  }
}

function parsed(text: string): unknown {
  const value: unknown = JSON.parse(text)
  if (!isPlainJson(text, value)) throw new NotPlain()
  return value
}

const isBlank = (text: string): boolean => text.trim() === ''

/** How the root is made of parts; undefined when it is small enough to be parsed at once. Understands brackets, commas and texts. */
function* largeParts(text: string): Steps<Large | undefined> {
  const open: Open[] = []
  let root: Large | undefined
  let pause = scanLetters
  for (let i = 0; i < text.length; i++) {
    if (i > pause) {
      yield
      pause = i + scanLetters
    }
    const c = text.charCodeAt(i)
    if (c === 34) {
      i = endOfString(text, i)
      if (i < 0) throw new NotPlain()
    } else if (c === 123 || c === 91) {
      if (open.length === maxDepth) throw new NotPlain()
      open.push({ isObject: c === 123, from: i, rest: i + 1, member: i + 1, parts: undefined, isAfterChild: false })
    } else if (c === 44) {
      const inner = open.at(-1)
      if (inner) endMember(text, inner, i)
    } else if (c === 125 || c === 93) {
      const closed = open.pop()
      if (!closed || closed.isObject !== (c === 125)) throw new NotPlain()
      const large = close(text, closed, i)
      const outer = open.at(-1)
      if (large && outer) addChild(outer, closed.from, large, i)
      else if (large) root = atRoot(text, closed.from, large, i)
    }
  }
  if (open.length > 0) throw new NotPlain()
  return root
}

function endMember(text: string, inner: Open, at: number): void {
  if (inner.isAfterChild) {
    if (!isBlank(text.slice(inner.rest, at))) throw new NotPlain()
    inner.rest = at + 1
    inner.isAfterChild = false
  } else if (at - inner.rest > partLetters) {
    inner.parts ??= []
    inner.parts.push({ from: inner.rest, to: at, child: undefined })
    inner.rest = at + 1
  }
  inner.member = at + 1
}

function close(text: string, { parts, rest, isAfterChild, isObject }: Open, at: number): Large | undefined {
  if (!parts) return undefined
  if (!isAfterChild) parts.push({ from: rest, to: at, child: undefined })
  else if (!isBlank(text.slice(rest, at))) throw new NotPlain()
  return { isObject, parts }
}

function addChild(outer: Open, from: number, child: Large, at: number): void {
  outer.parts ??= []
  if (outer.member > outer.rest) outer.parts.push({ from: outer.rest, to: outer.member - 1, child: undefined })
  outer.parts.push({ from: outer.member, to: from, child })
  outer.rest = at + 1
  outer.isAfterChild = true
}

function atRoot(text: string, from: number, root: Large, at: number): Large {
  if (!isBlank(text.slice(0, from)) || !isBlank(text.slice(at + 1))) throw new NotPlain()
  return root
}

function* assembled(text: string, large: Large): Steps<unknown> {
  return large.isObject ? yield* object(text, large) : yield* list(text, large)
}

function* list(text: string, { parts }: Large): Steps<unknown[]> {
  const made: unknown[] = []
  for (const { from, to, child } of parts) {
    yield
    const inner = text.slice(from, to)
    if (child) {
      if (!isBlank(inner)) throw new NotPlain()
      made.push(yield* assembled(text, child))
      continue
    }
    // A comma with nothing behind it is no JSON, though the part alone would be.
    const items = parsed(`[${inner}]`) as unknown[]
    if (items.length === 0) throw new NotPlain()
    for (const item of items) made.push(item)
  }
  return made
}

function* object(text: string, { parts }: Large): Steps<Record<string, unknown>> {
  const made: Record<string, unknown> = {}
  for (const { from, to, child } of parts) {
    yield
    const inner = text.slice(from, to)
    const members = parsed(child ? `{${inner}0}` : `{${inner}}`) as Record<string, unknown>
    const keys = Object.keys(members)
    if (child ? keys.length !== 1 : keys.length === 0) throw new NotPlain()
    for (const key of keys) {
      if (Object.hasOwn(made, key)) throw new NotPlain()
      setMember(made, key, child ? yield* assembled(text, child) : members[key])
    }
  }
  return made
}
