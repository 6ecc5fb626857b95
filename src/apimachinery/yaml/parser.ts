// YAML to values, as sigs.k8s.io/yaml unmarshals into interface{}: keys are text.
import { doubleText } from '../number-text.ts'
import { YamlError } from './error.ts'
import { goSyntax } from './go-syntax.ts'
import { resolve, resolveTagged, type Scalar } from './resolve.ts'
import { Scanner, type Token } from './scan.ts'

/** What a document holds; integers beyond 2^53 are bigints, unless who reads makes other numbers of them. */
export type YamlValue = Scalar | List | ValueMap
type List = YamlValue[]
type ValueMap = Map<string, YamlValue>
type Value = YamlValue

const MAX_NESTING = 1000
const IN_PROGRESS = Symbol('in progress')

/** The first document's value; null for an empty text. `toNumber` makes what a scalar is of what YAML says it is. Throws YamlError. */
export function parseDocument<S extends Scalar>(text: string, toNumber: (scalar: Scalar) => S): YamlOf<S> {
  return new Parser(new Scanner(text), toNumber).document() as YamlOf<S>
}

type YamlOf<S> = S | YamlOf<S>[] | Map<string, YamlOf<S>>

interface Properties {
  readonly anchor: string | undefined
  readonly tag: string
}

class Parser {
  private readonly scanner: Scanner
  private readonly toNumber: (scalar: Scalar) => Scalar
  private i = 0
  private depth = 0
  private readonly anchors = new Map<string, Value | typeof IN_PROGRESS>()
  private decoded = 0
  private aliased = 0
  /** What is wrong with the first key that no map can have: told when the text is YAML to its end. */
  private decodeError: YamlError | undefined
  /** The scalar parsed last was a plain `<<`. */
  private isMerge = false

  constructor(scanner: Scanner, toNumber: (scalar: Scalar) => Scalar) {
    this.scanner = scanner
    this.toNumber = toNumber
  }

  document(): Value {
    const first = this.peek()
    if (first.type === 'stream-end' || first.type === 'document-start') return null
    const root = this.node(true, false)
    // The token behind it must be one, though what it is says nothing.
    this.peek()
    if (this.decodeError) throw this.decodeError
    return root
  }

  private peek(): Token {
    return this.scanner.at(this.i)
  }

  private fail(what: string, at: Token): never {
    throw new YamlError(what, at.line)
  }

  private node(block: boolean, indentless: boolean): Value {
    const t = this.peek()
    this.decoded++
    this.isMerge = false
    if (t.type === 'scalar') {
      this.i++
      return this.scalar(t, '')
    }
    if (t.type === 'alias') return this.alias(t)
    const properties = this.properties()
    if (properties.anchor !== undefined) this.anchors.set(properties.anchor, IN_PROGRESS)
    if (++this.depth > MAX_NESTING) this.fail('exceeded max depth', t)
    const v = this.content(block, indentless, properties)
    this.depth--
    if (properties.anchor !== undefined) this.anchors.set(properties.anchor, v)
    return v
  }

  private properties(): Properties {
    let anchor: string | undefined
    let tag = ''
    for (;;) {
      const t = this.peek()
      if (t.type === 'anchor' && anchor === undefined) anchor = t.value
      else if (t.type === 'tag' && tag === '') tag = expandTag(t)
      else return { anchor, tag }
      this.i++
    }
  }

  private content(block: boolean, indentless: boolean, { anchor, tag }: Properties): Value {
    const t = this.peek()
    switch (t.type) {
      case 'scalar':
        this.i++
        return this.scalar(t, tag)
      case 'entry':
        if (indentless) return this.indentlessSequence()
        break
      case '[':
        return this.flowSequence()
      case '{':
        return this.flowMapping()
      case 'block-sequence':
        if (block) return this.blockSequence()
        break
      case 'block-mapping':
        if (block) return this.blockMapping()
        break
      default:
    }
    if (anchor === undefined && tag === '') this.fail('did not find expected node content', t)
    return tag === '' ? null : this.toNumber(resolveTagged(tag, '', t.line))
  }

  private scalar(t: Token, tag: string): Value {
    if (tag !== '') return this.toNumber(resolveTagged(tag, t.value, t.line))
    if (!t.plain) return t.value
    const [type, value] = resolve(t.value)
    this.isMerge = type === 'merge'
    return this.toNumber(value)
  }

  private alias(t: Token): Value {
    this.i++
    if (!this.anchors.has(t.value)) throw new YamlError(`unknown anchor '${t.value}' referenced`)
    const v = this.anchors.get(t.value)
    if (v === IN_PROGRESS) throw new YamlError(`anchor '${t.value}' value contains itself`)
    return this.copy(v as Value)
  }

  /** Aliases give copies, so that who changes one does not change the other; billion-laughs documents are refused. */
  private copy(v: Value): Value {
    this.decoded++
    this.aliased++
    if (this.aliased > 100 && this.decoded > 1000 && this.aliased / this.decoded > allowedRatio(this.decoded)) {
      throw new YamlError('document contains excessive aliasing')
    }
    if (Array.isArray(v)) return v.map((x) => this.copy(x))
    if (v instanceof Map) return new Map([...v].map(([k, x]) => [k, this.copy(x)]))
    return v
  }

  private endsNode(t: Token, ...types: Token['type'][]): boolean {
    return types.includes(t.type)
  }

  private blockSequence(): Value {
    const out: List = []
    this.i++
    for (;;) {
      const t = this.peek()
      this.i++
      if (t.type === 'block-end') return out
      if (t.type !== 'entry') this.fail("did not find expected '-' indicator", t)
      out.push(this.endsNode(this.peek(), 'entry', 'block-end') ? null : this.node(true, false))
    }
  }

  private indentlessSequence(): Value {
    const out: List = []
    while (this.peek().type === 'entry') {
      this.i++
      out.push(this.endsNode(this.peek(), 'entry', 'key', 'value', 'block-end') ? null : this.node(true, false))
    }
    return out
  }

  private blockMapping(): Value {
    const out: ValueMap = new Map()
    this.i++
    for (;;) {
      const t = this.peek()
      this.i++
      if (t.type === 'block-end') return out
      if (t.type !== 'key') this.fail('did not find expected key', t)
      const empty = this.endsNode(this.peek(), 'key', 'value', 'block-end')
      this.isMerge = false
      const key = empty ? null : this.node(true, true)
      const merge = this.isMerge
      let value: Value = null
      if (this.peek().type === 'value') {
        this.i++
        if (!this.endsNode(this.peek(), 'key', 'value', 'block-end')) value = this.node(true, true)
      }
      this.put(out, key, value, merge)
    }
  }

  private flowSequence(): Value {
    const out: List = []
    this.i++
    for (let first = true; ; first = false) {
      let t = this.peek()
      if (t.type === ']') break
      if (!first) {
        if (t.type !== ',') this.fail("did not find expected ',' or ']'", t)
        this.i++
        t = this.peek()
        if (t.type === ']') break
      }
      if (t.type === 'key') out.push(this.pair())
      else out.push(this.node(false, false))
    }
    this.i++
    return out
  }

  /** `a: b` inside [ ]. */
  private pair(): Value {
    this.i++
    const out: ValueMap = new Map()
    const key = this.endsNode(this.peek(), 'value', ',', ']') ? null : this.node(false, false)
    this.put(out, key, this.flowValue(']'), false)
    return out
  }

  private flowValue(end: ']' | '}'): Value {
    if (this.peek().type !== 'value') return null
    this.i++
    return this.endsNode(this.peek(), ',', end) ? null : this.node(false, false)
  }

  private flowMapping(): Value {
    const out: ValueMap = new Map()
    this.i++
    for (let first = true; ; first = false) {
      let t = this.peek()
      if (t.type === '}') break
      if (!first) {
        if (t.type !== ',') this.fail("did not find expected ',' or '}'", t)
        this.i++
        t = this.peek()
        if (t.type === '}') break
      }
      if (t.type === 'key') {
        this.i++
        this.isMerge = false
        const key = this.endsNode(this.peek(), 'value', ',', '}') ? null : this.node(false, false)
        const merge = this.isMerge
        this.put(out, key, this.flowValue('}'), merge)
      } else this.put(out, this.node(false, false), null, false)
    }
    this.i++
    return out
  }

  private put(out: ValueMap, key: Value, value: Value, merge: boolean): void {
    if (merge) {
      for (const m of Array.isArray(value) ? [...value].reverse() : [value]) {
        if (!(m instanceof Map)) throw new YamlError('map merge requires map or sequence of maps as the value')
        for (const [k, v] of m) out.set(k, v)
      }
      return
    }
    if (typeof key === 'string') out.set(key, value)
    else if (typeof key === 'number') out.set(Number.isInteger(key) ? BigInt(key).toString() : floatKey(key), value)
    else if (typeof key === 'bigint') out.set(String(key), value)
    else if (typeof key === 'boolean') out.set(String(key), value)
    else if (key === null || key === undefined)
      this.decodeError ??= YamlError.plain(`unsupported map key of type: %!s(<nil>), key: <nil>, value: ${goSyntax(value)}`)
    else this.decodeError ??= new YamlError(`invalid map key: ${goSyntax(key)}`)
  }
}

function expandTag(t: Token): string {
  if (t.handle === '') return t.value
  if (t.handle === '!!') return `tag:yaml.org,2002:${t.value}`
  if (t.handle === '!') return `!${t.value}`
  throw new YamlError('found undefined tag handle', t.line)
}

function floatKey(n: number): string {
  const text = doubleText(Number(Math.fround(n).toPrecision(7)))
  return { '+Inf': '.inf', '-Inf': '-.inf', NaN: '.nan' }[text] ?? text
}

/** The share of a document that may come from aliases: 99 % of small ones, 10 % of large ones. */
function allowedRatio(decoded: number): number {
  if (decoded <= 400_000) return 0.99
  if (decoded >= 4_000_000) return 0.1
  return 0.99 - 0.89 * ((decoded - 400_000) / 3_600_000)
}
