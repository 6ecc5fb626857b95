// package fmt: Sprint and Sprintf over our values.

import { isPrint, quote, quoteRune } from '../../apimachinery/go-quote.ts'
import { fromBytes, toBytes } from './bytes.ts'
import { formatFloat } from './float.ts'
import { floatText } from './float-verbs.ts'
import { GoStruct, Int, isList, isMap, sortedKeys, typeName, type Value } from './value.ts'

/** fmt.Sprint: operands with a space between two that are no strings. */
export function sprint(args: readonly Value[]): string {
  let out = ''
  let previousString = true
  for (let i = 0; i < args.length; i++) {
    const isString = typeof args[i] === 'string'
    if (i > 0 && !isString && !previousString) out += ' '
    out += formatValue(args[i])
    previousString = isString
  }
  return out
}

/** The value as `%v` prints it. */
export function formatValue(v: Value): string {
  if (typeof v === 'string') return v
  if (typeof v === 'number') return formatFloat(v, 'g')
  if (typeof v === 'boolean') return v ? 'true' : 'false'
  return new Printer(PLAIN, 'v').any(v, true)
}

interface Flags {
  readonly plus: boolean
  /** %+v: the names of fields. */
  readonly names: boolean
  readonly minus: boolean
  readonly sharp: boolean
  readonly space: boolean
  readonly zero: boolean
  readonly width: number | undefined
  readonly precision: number | undefined
}
const PLAIN: Flags = {
  plus: false,
  names: false,
  minus: false,
  sharp: false,
  space: false,
  zero: false,
  width: undefined,
  precision: undefined,
}
const MAX_WIDTH = 1_000_000

/** fmt.Sprintf. */
export function sprintf(format: string, args: readonly Value[]): string {
  const directive = new Directives(format, args)
  return directive.run()
}

class Directives {
  private readonly format: string
  private readonly args: readonly Value[]
  private arg = 0
  private reordered = false
  private i = 0
  constructor(format: string, args: readonly Value[]) {
    this.format = format
    this.args = args
  }

  run(): string {
    let out = ''
    const { format } = this
    while (this.i < format.length) {
      const at = format.indexOf('%', this.i)
      if (at < 0) {
        out += format.slice(this.i)
        break
      }
      out += format.slice(this.i, at)
      this.i = at + 1
      out += this.one()
    }
    if (this.reordered || this.arg >= this.args.length) return out
    const extra = this.args
      .slice(this.arg)
      .map((a) => (a === null || a === undefined ? '<nil>' : `${typeName(a)}=${formatValue(a)}`))
    return `${out}%!(EXTRA ${extra.join(', ')})`
  }

  private one(): string {
    const { format, args } = this
    let flags = ''
    while ('+-# 0'.includes(format[this.i] ?? 'x')) flags += format[this.i++]
    let problem = ''
    let good = this.index()
    let minus = flags.includes('-')
    let width: number | undefined
    if (format[this.i] === '*') {
      this.i++
      width = this.star()
      if (width === undefined) problem += '%!(BADWIDTH)'
      else if (width < 0) {
        minus = true
        width = -width
      }
    } else width = this.number()
    let precision: number | undefined
    if (format[this.i] === '.') {
      this.i++
      good = this.index() && good
      if (format[this.i] === '*') {
        this.i++
        precision = this.star()
        if (precision === undefined || precision < 0) {
          problem += '%!(BADPREC)'
          precision = undefined
        }
      } else precision = this.number() ?? 0
    }
    good = this.index() && good
    const code = format.codePointAt(this.i)
    if (code === undefined) return `${problem}%!(NOVERB)`
    const verb = String.fromCodePoint(code)
    this.i += verb.length
    if (verb === '%') return `${problem}%`
    if (!good) return `${problem}%!${verb}(BADINDEX)`
    if (this.arg >= args.length) return `${problem}%!${verb}(MISSING)`
    const set = {
      plus: flags.includes('+') && verb !== 'v',
      names: flags.includes('+') && verb === 'v',
      minus,
      sharp: flags.includes('#'),
      space: flags.includes(' '),
      zero: flags.includes('0') && !minus,
      width,
      precision,
    }
    return problem + new Printer(set, verb).any(args[this.arg++], true)
  }

  /** An explicit argument index `[n]`; false when it is out of range. */
  private index(): boolean {
    if (this.format[this.i] !== '[') return true
    this.reordered = true
    const end = this.format.indexOf(']', this.i)
    if (end < 0) {
      this.i++
      return false
    }
    const n = Number(this.format.slice(this.i + 1, end))
    this.i = end + 1
    if (!Number.isInteger(n) || n < 1 || n > this.args.length) return false
    this.arg = n - 1
    return true
  }

  private number(): number | undefined {
    const from = this.i
    while (/[0-9]/.test(this.format[this.i] ?? '')) this.i++
    return this.i > from ? Math.min(Number(this.format.slice(from, this.i)), MAX_WIDTH) : undefined
  }

  private star(): number | undefined {
    const a = this.args[this.arg]
    if (this.arg >= this.args.length) return undefined
    this.arg++
    if (!(a instanceof Int)) return undefined
    const n = Number(a.v)
    return Math.abs(n) > MAX_WIDTH ? undefined : n
  }
}

class Printer {
  private readonly f: Flags
  private readonly verb: string
  /** %#v: as Go would write the value. */
  private readonly goSyntax: boolean
  /** Inside the report of a bad verb, where Go asks no value for its own text. */
  private readonly reporting: boolean
  constructor(flags: Flags, verb: string, goSyntax = verb === 'v' && flags.sharp, reporting = false) {
    this.reporting = reporting
    this.f = flags
    this.verb = verb
    this.goSyntax = goSyntax
  }

  any(v: Value, top: boolean): string {
    const { verb } = this
    if (verb === 'T') return this.pad(v === undefined || v === null ? '<nil>' : this.truncate(typeName(v)))
    if (v === undefined || v === null) return this.nil(top)
    if (typeof v === 'string') return this.text(v)
    if (typeof v === 'number') return this.float(v)
    if (typeof v === 'boolean') return verb === 't' || verb === 'v' ? this.pad(String(v)) : this.bad(v)
    if (v instanceof Int)
      return v.methods && 'vsq'.includes(verb) && !this.goSyntax && !this.reporting ? this.stringer(v) : this.integer(v)
    if (v instanceof Uint8Array) return this.bytes(v)
    if (isList(v)) return this.list(v)
    if (isMap(v)) return this.map(v)
    if (v instanceof GoStruct) return this.struct(v, top)
    return `(${this.float(v.re)}${new Printer({ ...this.f, plus: true }, verb).float(v.im)}i)`
  }

  private nil(top: boolean): string {
    if (this.verb === 'v' && !top) return this.goSyntax ? 'interface {}(nil)' : '<nil>'
    if (this.verb === 'v') return this.pad('<nil>')
    return top ? `%!${this.verb}(<nil>)` : '<nil>'
  }

  private bad(v: Value): string {
    return `%!${this.verb}(${typeName(v)}=${new Printer(this.f, 'v', false, true).any(v, true)})`
  }

  private pad(s: string): string {
    const { width, minus, zero } = this.f
    if (width === undefined) return s
    const missing = width - [...s].length
    if (missing <= 0) return s
    return minus ? s + ' '.repeat(missing) : (zero ? '0' : ' ').repeat(missing) + s
  }

  private text(s: string): string {
    switch (this.verb) {
      case 'v':
        return this.pad(this.goSyntax ? quote(this.truncate(s)) : this.truncate(s))
      case 's':
        return this.pad(this.truncate(s))
      case 'x':
      case 'X':
        return this.hexText(toBytes(s))
      case 'q':
        return this.quoted(this.truncate(s))
      default:
        return this.bad(s)
    }
  }

  private quoted(s: string): string {
    if (this.f.sharp && !s.includes('`') && canBackquote(s)) return this.pad(`\`${s}\``)
    return this.pad(quote(s, this.f.plus))
  }

  private truncate(s: string): string {
    return this.f.precision === undefined ? s : [...s].slice(0, this.f.precision).join('')
  }

  private hexText(b: Buffer): string {
    const bytes = this.f.precision === undefined ? b : b.subarray(0, this.f.precision)
    const prefix = this.f.sharp ? `0${this.verb}` : ''
    const digits = [...bytes].map((n) => (this.verb === 'X' ? n.toString(16).toUpperCase() : n.toString(16)).padStart(2, '0'))
    if (digits.length === 0) return this.pad('')
    return this.pad(this.f.space ? digits.map((d) => prefix + d).join(' ') : prefix + digits.join(''))
  }

  private bytes(b: Uint8Array): string {
    switch (this.verb) {
      case 'v':
      case 'd':
        if (this.f === PLAIN) return `[${b.join(' ')}]`
        if (this.goSyntax) return `[]byte{${[...b].map((n) => `0x${n.toString(16)}`).join(', ')}}`
        return `[${[...b].map((n) => this.number(BigInt(n), 10, 'd', false)).join(' ')}]`
      case 's':
      case 'q':
      case 'x':
      case 'X':
        return this.text(fromBytes(b))
      default:
        return `[${[...b].map((n) => this.integer(new Int(BigInt(n), 'uint8'))).join(' ')}]`
    }
  }

  private integer(i: Int): string {
    const { verb, f } = this
    const unsigned = i.isUnsigned
    switch (verb) {
      case 'v':
        return this.goSyntax && unsigned ? this.number(i.v, 16, 'x', true) : this.number(i.v, 10, 'd', false)
      case 'd':
        return this.number(i.v, 10, 'd', false)
      case 'b':
        return this.number(i.v, 2, 'b', f.sharp)
      case 'o':
      case 'O':
        return this.number(i.v, 8, verb, f.sharp || verb === 'O')
      case 'x':
      case 'X':
        return this.number(i.v, 16, verb, f.sharp)
      case 'c':
        return this.pad(codePoint(i.v))
      case 'q':
        return this.pad(`'${quoteRune(codePoint(i.v).codePointAt(0) as number, "'", f.plus)}'`)
      case 'U':
        return this.unicode(i.v)
      default:
        return this.bad(i)
    }
  }

  private unicode(v: bigint): string {
    const digits = `U+${BigInt.asUintN(64, v)
      .toString(16)
      .toUpperCase()
      .padStart(Math.max(4, this.f.precision ?? 0), '0')}`
    const printable = this.f.sharp && v <= 0x10ffffn && isPrint(Number(v))
    return new Printer({ ...this.f, zero: false }, 'U').pad(printable ? `${digits} '${codePoint(v)}'` : digits)
  }

  private number(v: bigint, base: number, style: string, prefixed: boolean): string {
    const { f } = this
    if (f.precision === 0 && v === 0n) return ' '.repeat(f.width ?? 0)
    const negative = v < 0n
    let digits = (negative ? -v : v).toString(base)
    if (style === 'X') digits = digits.toUpperCase()
    if (f.precision !== undefined) digits = digits.padStart(f.precision, '0')
    const sign = negative ? '-' : f.plus ? '+' : f.space ? ' ' : ''
    const prefix = !prefixed ? '' : ({ x: '0x', X: '0X', b: '0b', O: '0o', o: digits.startsWith('0') ? '' : '0' }[style] ?? '')
    if (f.zero && f.precision === undefined && f.width !== undefined) digits = digits.padStart(f.width - sign.length, '0')
    return new Printer({ ...f, zero: false }, 'd').pad(sign + prefix + digits)
  }

  private float(v: number): string {
    const { verb, f } = this
    if (!'vgGeEfFxXb'.includes(verb)) return this.bad(v)
    const text = floatText(v, verb, f.precision, f.sharp && !this.goSyntax)
    const signed = /^[+-]/.test(text) ? text : `+${text}`
    const shown = signed.startsWith('-') || f.plus ? signed : (f.space ? ' ' : '') + signed.slice(1)
    if (f.zero && f.width !== undefined && Number.isFinite(v)) {
      const sign = /^[+\- ]/.test(shown) ? 1 : 0
      return shown.slice(0, sign) + shown.slice(sign).padStart(f.width - sign, '0')
    }
    return new Printer({ ...f, zero: false }, 'g').pad(shown)
  }

  private list(v: Value[]): string {
    const items = v.map((x) => this.any(x, false))
    return this.goSyntax ? `${typeName(v)}{${items.join(', ')}}` : `[${items.join(' ')}]`
  }

  private map(v: ReadonlyMap<string, Value>): string {
    const entry = (k: string) => `${this.any(k, false)}:${this.any(v.get(k), false)}`
    const entries = sortedKeys(v).map(entry)
    return this.goSyntax ? `${typeName(v as Value)}{${entries.join(', ')}}` : `map[${entries.join(' ')}]`
  }

  private struct(v: GoStruct, top: boolean): string {
    if (v.text && 'vsq'.includes(this.verb) && !this.goSyntax && !this.reporting) return this.text(v.text())
    const all: Iterable<readonly [string, Value]> = v.printing.shown?.map((x) => ['', x] as const) ?? v.fields
    const fields = [...all].map(([k, x]) => (this.f.names || this.goSyntax ? `${k}:${this.any(x, false)}` : this.any(x, false)))
    const pointer = v.type.startsWith('*')
    if (pointer && !top) return '0xc000012345'
    if (this.goSyntax) return `${pointer ? '&' : ''}${v.type.replace('*', '')}{${fields.join(', ')}}`
    return `${pointer ? '&' : ''}{${fields.join(' ')}}`
  }

  private stringer(v: Int): string {
    const method = v.methods?.String
    return method ? this.text((method.call as () => string)()) : this.integer(v)
  }
}

const canBackquote = (s: string) => ![...s].some((ch) => (ch < ' ' && ch !== '\t') || ch === '\x7f' || ch === '\ufeff')

function codePoint(v: bigint): string {
  return v < 0n || v > 0x10ffffn || (v >= 0xd800n && v <= 0xdfffn) ? '\ufffd' : String.fromCodePoint(Number(v))
}
