// What a YAML scalar means: go-yaml v2's resolution (YAML 1.1 booleans, octal and binary numbers, no base 60).
import { parseGoInt } from '../go-int.ts'
import { doubleText } from '../number-text.ts'
import { YamlError } from './error.ts'

export type Scalar = null | boolean | number | bigint | string
type ScalarTag = 'null' | 'bool' | 'int' | 'float' | 'str' | 'timestamp' | 'merge'

const WORDS = new Map<string, readonly [ScalarTag, Scalar]>()
const words = (tag: ScalarTag, value: Scalar, list: string) => {
  for (const word of list.split(' ')) WORDS.set(word, [tag, value])
}
words('bool', true, 'y Y yes Yes YES true True TRUE on On ON')
words('bool', false, 'n N no No NO false False FALSE off Off OFF')
words('null', null, '~ null Null NULL')
words('float', Number.NaN, '.nan .NaN .NAN')
words('float', Number.POSITIVE_INFINITY, '.inf .Inf .INF +.inf +.Inf +.INF')
words('float', Number.NEGATIVE_INFINITY, '-.inf -.Inf -.INF')
words('merge', '<<', '<<')

const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/
const TIMESTAMP =
  /^\d{4}-(\d{1,2})-(\d{1,2})(?:([Tt])(\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,]\d+)?(?:Z|[+-]\d\d:\d\d)|( )(\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,]\d+)?)?$/
const MAX_INT = 2n ** 63n - 1n

/** Whether a text means something else than itself: true, off, null, <<. */
export const isWord = (text: string): boolean => text.length <= 5 && WORDS.has(text)

/** The value of a plain scalar. Throws YamlError for what JSON cannot hold. */
export function resolvePlain(text: string): null | boolean | number | string {
  const [, v] = resolve(text)
  return toNumber(v)
}

/** Every number is a float64. Throws YamlError for infinities and NaN. */
export function toNumber(v: Scalar): null | boolean | number | string {
  if (typeof v === 'bigint') return Number(v)
  if (typeof v === 'number' && !Number.isFinite(v)) throw YamlError.plain(`json: unsupported value: ${doubleText(v)}`)
  return v
}

/** A scalar without a tag: its YAML 1.1 type and value. Timestamps stay text. */
export function resolve(text: string): readonly [ScalarTag, Scalar] {
  if (text === '') return ['null', null]
  const c = text.charCodeAt(0)
  const digitOrSign = (c >= 48 && c <= 57) || c === 43 || c === 45
  if (!digitOrSign && c !== 46) {
    if (text.length > 5) return ['str', text]
    return WORDS.get(text) ?? ['str', text]
  }
  const word = WORDS.get(text)
  if (word) return word
  if (c === 46)
    return /^\.[0-9_]*[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?$/.test(text) && !text.includes('_')
      ? ['float', Number(text)]
      : ['str', text]
  return resolveNumber(text)
}

function resolveNumber(text: string): readonly [ScalarTag, Scalar] {
  if (text.length <= 15 && /^(?:0|[1-9][0-9]*)$/.test(text)) return ['int', Number(text)]
  if (isTimestamp(text)) return ['timestamp', text]
  const plain = text.replaceAll('_', '')
  const n = parseGoInt(plain)
  if (n !== undefined && n <= 2n * MAX_INT + 1n && n >= -MAX_INT - 1n && !(n > MAX_INT && plain.startsWith('+'))) {
    return ['int', n >= -9007199254740991n && n <= 9007199254740991n ? Number(n) : n]
  }
  if (FLOAT.test(plain)) return finite(plain) ? ['float', Number(plain)] : ['str', text]
  return ['str', text]
}

const finite = (text: string) => Number.isFinite(Number(text))

function isTimestamp(text: string): boolean {
  // Most numbers are none: the expression is large, and V8 compiles it when it is first needed.
  if (text[4] !== '-') return false
  const m = TIMESTAMP.exec(text)
  if (!m) return false
  const month = Number(m[1])
  const day = Number(m[2])
  if (month < 1 || month > 12 || day < 1 || day > new Date(Date.UTC(Number(text.slice(0, 4)), month, 0)).getUTCDate())
    return false
  const [h, min, s] = m[3] ? [m[4], m[5], m[6]] : [m[8], m[9], m[10]]
  return h === undefined || (Number(h) < 24 && Number(min) < 60 && Number(s) < 60)
}

const base64 = /^[A-Za-z0-9+/]*={0,2}$/
const YAML_TAG = 'tag:yaml.org,2002:'

/** A scalar with an explicit tag such as `!!str`. Throws YamlError when the text is not of that type. */
export function resolveTagged(tag: string, text: string, line: number): Scalar {
  const short = tag.startsWith(YAML_TAG) ? tag.slice(YAML_TAG.length) : undefined
  if (short === 'str') return text
  if (short === 'binary') {
    const encoded = text.replace(/[\r\n]/g, '')
    if (!base64.test(encoded) || encoded.length % 4 !== 0) throw new YamlError('!!binary value contains invalid base64 data')
    return Buffer.from(encoded, 'base64').toString('utf8')
  }
  if (short !== 'bool' && short !== 'int' && short !== 'float' && short !== 'null' && short !== 'timestamp') return text
  const [found, value] = resolve(text)
  if (found === short || (short === 'float' && found === 'int')) return value
  throw new YamlError(`cannot decode !!${found} \`${text}\` as a !!${short}`, line > 0 ? line + 1 : 0)
}
