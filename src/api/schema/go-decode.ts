import { canonicalDuration } from '../../apimachinery/duration.ts'
import { numberOf } from '../../apimachinery/json.ts'
import { setMember } from '../../apimachinery/members.ts'
import { canonicalText } from '../../apimachinery/quantity.ts'
import { type Node, plainValue } from './json-syntax.ts'
import { canonicalBase64 } from './scalars.ts'
import { canonicalMicroTime, canonicalTime } from './time.ts'
import { type Field, type ScalarType, type StructType, structType, type Type } from './types.ts'

/** A body that does not fit its type; the message is Go's, without what the server puts around it. */
export class DecodeError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'DecodeError'
  }
}

export interface Found {
  readonly value: unknown
  readonly strictErrors: readonly string[]
}

const maxStrictErrors = 100

/** What Go's decoder (sigs.k8s.io/json, strict) says of `node` as a `type`: the value with unknown fields dropped and duplicates
 *  merged, not yet canonical. Throws DecodeError with the first type error. */
export function decodeAs(type: Type, node: Node): Found {
  const run = new Decoding()
  const value = run.value(type, node, '')
  const problem = run.typeError ?? run.overflow
  if (problem !== undefined) throw new DecodeError(problem)
  return { value, strictErrors: [...run.strictErrors] }
}

/** The same into Go's map[string]any, as custom resources and patches are read: only duplicates are errors. */
export function decodeAsMap(node: Node, ofNumber: (text: string) => unknown = numberOf): Found {
  if (node.kind === 'null') return { value: {}, strictErrors: [] }
  if (node.kind !== 'object') {
    throw new DecodeError(`json: cannot unmarshal ${tokenOf(node)} into Go value of type map[string]interface {}`)
  }
  const run = new Decoding()
  const value = run.untyped(node, '', ofNumber)
  if (run.typeError !== undefined) throw new DecodeError(run.typeError)
  return { value, strictErrors: [...run.strictErrors] }
}

const below = (path: string, key: string): string => (path ? `${path}.${key}` : key)

function* numbersIn(node: Node): Iterable<string> {
  if (node.kind === 'number') yield node.text
  else if (node.kind === 'array') for (const item of node.items) yield* numbersIn(item)
  else if (node.kind === 'object') for (const [, item] of node.entries) yield* numbersIn(item)
}

/** Go reads numbers without a type into float64, if they are no int64. */
function overflowIn(node: Node): string | undefined {
  for (const text of numbersIn(node)) {
    if (!Number.isFinite(Number(text))) return `json: cannot unmarshal number ${text} into Go value of type float64`
  }
  return undefined
}

const tokenOf = (node: Node): string => node.kind

class Decoding {
  readonly strictErrors = new Set<string>()
  typeError: string | undefined
  /** What is found when JSON that is kept as a text is converted, after all else was read. */
  overflow: string | undefined
  /** The struct and the path of field names that type errors name. */
  private structName = ''
  private fields: readonly string[] = []

  private strict(kind: 'unknown' | 'duplicate', path: string): void {
    if (this.strictErrors.size < maxStrictErrors) this.strictErrors.add(`${kind} field ${JSON.stringify(path)}`)
  }

  private mismatch(what: string, goType: string): void {
    // The first is told; thousands may follow.
    if (this.typeError !== undefined) return
    const where = this.structName || this.fields.length > 0 ? `struct field ${this.structName}.${this.fields.join('.')}` : 'value'
    this.typeError = `json: cannot unmarshal ${what} into Go ${where} of type ${goType}`
  }

  value(type: Type, node: Node, path: string): unknown {
    if (node.kind === 'null' && !(type.kind === 'scalar')) return null
    switch (type.kind) {
      case 'scalar':
        return this.scalar(type, node)
      case 'list':
        if (node.kind === 'array') return node.items.map((item, i) => this.value(type.element, item, `${path}[${i}]`))
        break
      case 'map':
        if (node.kind === 'object') return this.map(type.value, node, path)
        break
      case 'struct':
        if (node.kind === 'object') return this.struct(type, node, path)
    }
    this.mismatch(tokenOf(node), type.goType)
    return null
  }

  private map(valueType: Type, node: Node & { kind: 'object' }, path: string): unknown {
    const result: Record<string, unknown> = {}
    // Nothing is told of what is inside of a scalar.
    const isScalar = valueType.kind === 'scalar'
    for (const [key, item] of node.entries) {
      if (Object.hasOwn(result, key)) this.strict('duplicate', below(path, key))
      setMember(result, key, this.value(valueType, item, isScalar ? '' : below(path, key)))
    }
    return result
  }

  private struct(type: StructType, node: Node & { kind: 'object' }, path: string): unknown {
    const result: Record<string, unknown> = {}
    const { structName, fields } = this
    for (const [key, item] of node.entries) {
      const field = type.byName.get(key)
      const at = below(path, key)
      if (!field) {
        this.strict('unknown', at)
        continue
      }
      const again = Object.hasOwn(result, key)
      if (again) this.strict('duplicate', at)
      this.structName = type.name
      this.fields = [...fields, ...field.embedded, key]
      const value = this.value(field.type, item, at)
      result[key] = again ? mergeDuplicate(field, result[key], value) : value
      this.structName = structName
      this.fields = fields
    }
    return result
  }

  untyped(node: Node, path: string, ofNumber: (text: string) => unknown): unknown {
    if (node.kind === 'array') return node.items.map((item, i) => this.untyped(item, `${path}[${i}]`, ofNumber))
    if (node.kind === 'number') {
      const number = ofNumber(node.text)
      if (number === Infinity || number === -Infinity) this.mismatch(`number ${node.text}`, 'float64')
      return number
    }
    if (node.kind !== 'object') return plainValue(node)
    const result: Record<string, unknown> = {}
    for (const [key, item] of node.entries) {
      const at = below(path, key)
      if (Object.hasOwn(result, key)) this.strict('duplicate', at)
      setMember(result, key, this.untyped(item, at, ofNumber))
    }
    return result
  }

  private scalar(type: ScalarType, node: Node): unknown {
    switch (type.scalar) {
      case 'string':
        return this.token(type.goType, node, 'string')
      case 'bool':
        return this.token(type.goType, node, 'bool')
      case 'int32':
      case 'int64':
        return this.integer(type.scalar, type.goType, node)
      case 'float64':
        return node.kind === 'number' ? this.float(node.text, type.goType) : this.token(type.goType, node, 'number')
      case 'bytes':
        return this.bytes(type, node)
      case 'Time':
        return this.text(node, canonicalTime)
      case 'MicroTime':
        return this.text(node, canonicalMicroTime)
      case 'Duration':
        return this.text(node, canonicalDuration)
      case 'IntOrString':
        return node.kind === 'string' ? node.value : this.atOnce(() => this.integer('int32', 'int32', node))
      case 'Quantity':
        return this.quantity(node)
      case 'any':
        for (const text of numbersIn(node)) this.float(text, 'float64')
        return plainValue(node)
      case 'JSON':
        this.overflow ??= overflowIn(node)
        return plainValue(node)
      case 'RawExtension':
      case 'FieldsV1':
        return plainValue(node)
      default:
        return this.schemaOr(type.scalar, node)
    }
  }

  private float(text: string, goType: string): number {
    const value = Number(text)
    if (!Number.isFinite(value)) this.mismatch(`number ${text}`, goType)
    return value
  }

  private token(goType: string, node: Node, wanted: 'string' | 'bool' | 'number'): unknown {
    if (node.kind === wanted && node.kind !== 'number') return node.value
    if (node.kind !== 'null') this.mismatch(tokenOf(node), goType)
    return null
  }

  private integer(size: 'int32' | 'int64', goType: string, node: Node): unknown {
    if (node.kind !== 'number') return this.token(goType, node, 'number')
    if (!/^-?\d{1,20}$/.test(node.text) || BigInt.asIntN(size === 'int32' ? 32 : 64, BigInt(node.text)) !== BigInt(node.text)) {
      this.mismatch(`number ${node.text}`, goType)
      return null
    }
    return numberOf(node.text)
  }

  private bytes(type: ScalarType, node: Node): unknown {
    if (node.kind === 'array') return Buffer.from(node.items.map((item) => this.byte(item))).toString('base64')
    if (node.kind !== 'string') return this.token(type.goType, node, 'string')
    const text = canonicalBase64(node.value)
    if (text !== undefined) return text
    this.typeError ??= `illegal base64 data at input byte ${illegalByte(node.value)}`
    return null
  }

  private byte(node: Node): number {
    if (node.kind === 'number' && /^\d{1,3}$/.test(node.text) && Number(node.text) < 256) return Number(node.text)
    if (node.kind !== 'null') this.mismatch(node.kind === 'number' ? `number ${node.text}` : tokenOf(node), 'uint8')
    return 0
  }

  /** Text types read themselves in Go, so their errors end the decoding at once. */
  private text(node: Node, read: (text: string) => string | null): unknown {
    if (node.kind !== 'string') return this.atOnce(() => this.token('string', node, 'string'))
    orDecodeError(() => read(node.value))
    return node.value
  }

  private atOnce<T>(read: () => T): T {
    const before = this.typeError
    this.typeError = undefined
    const value = read()
    if (this.typeError !== undefined) throw new DecodeError(this.typeError)
    this.typeError = before
    return value
  }

  private quantity(node: Node): unknown {
    if (node.kind === 'null') return null
    const text = node.kind === 'string' ? node.value : node.kind === 'number' ? node.text : '{'
    return orDecodeError(() => canonicalText(text.trim()))
  }

  private schemaOr(kind: string, node: Node): unknown {
    const props = structType('apiextensions/v1.JSONSchemaProps')
    // These read themselves with a decoder that is not strict: what it finds unknown is dropped without a word.
    const lenient = (type: Type, inner: Node): unknown => {
      const strictErrors = [...this.strictErrors]
      const value = this.value(type, inner, '')
      this.strictErrors.clear()
      for (const e of strictErrors) this.strictErrors.add(e)
      return value
    }
    if (node.kind === 'object') return lenient(props, node)
    if (kind === 'JSONSchemaPropsOrBool') {
      if (node.kind !== 'bool' && node.kind !== 'null') throw new DecodeError('boolean or JSON schema expected')
      return node.kind === 'bool' ? node.value : null
    }
    if (node.kind !== 'array') return null
    const element: Type = kind === 'JSONSchemaPropsOrArray' ? props : { kind: 'scalar', scalar: 'string', goType: 'string' }
    return node.items.map((item) => lenient(element, item))
  }
}

function orDecodeError<T>(read: () => T): T {
  try {
    return read()
  } catch (e) {
    throw new DecodeError((e as Error).message)
  }
}

/** Go decodes a second object into the first one; of everything else the last counts. */
function mergeDuplicate(field: Field, first: unknown, second: unknown): unknown {
  if ((field.type.kind !== 'struct' && field.type.kind !== 'map') || first === null || second === null) return second
  return { ...(first as object), ...(second as object) }
}

/** Where Go's base64 decoder gives up: it reads four characters at a time, over line breaks. */
function illegalByte(text: string): number {
  let at = 0
  const skipBreaks = () => {
    while (text[at] === '\n' || text[at] === '\r') at++
  }
  for (;;) {
    for (let n = 0; n < 4; n++) {
      skipBreaks()
      if (at >= text.length) return n === 0 ? text.length : at - n
      const c = text[at++] as string
      if (/[A-Za-z0-9+/]/.test(c)) continue
      if (c !== '=' || n < 2) return at - 1
      if (n === 2) {
        skipBreaks()
        if (at >= text.length) return text.length
        if (text[at] !== '=') return at - 1
        at++
      }
      skipBreaks()
      return at
    }
  }
}
