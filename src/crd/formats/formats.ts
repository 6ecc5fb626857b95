import { parseAddressSloppy, parseNetwork } from './address.ts'
import { parseGoDuration } from './duration.ts'
import { isRequestUri } from './go-url.ts'

type Check = (text: string) => boolean

const matches =
  (pattern: RegExp): Check =>
  (text) =>
    pattern.test(text)

const HOSTNAME =
  /^(?:[a-zA-Z0-9\p{S}\p{L}](?:-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?|(?:[a-zA-Z0-9\p{S}\p{L}](?:[a-zA-Z0-9\-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?\.)+[a-zA-Z\p{L}]{2,63})$/u

function isHostname(text: string): boolean {
  if (Buffer.byteLength(text) > 255 || text.split('.').some((label) => Buffer.byteLength(label) > 63)) return false
  return HOSTNAME.test(text)
}

const uuid = (third: string, fourth: string): Check =>
  matches(new RegExp(`^[0-9a-f]{8}-?[0-9a-f]{4}-?${third}-?${fourth}-?[0-9a-f]{12}$`, 'i'))

const ATOM = "[A-Za-z0-9!#$%&'*+\\-/=?^_`{|}~\\u0080-\\u{10ffff}]+"
const ADDRESS = `(?:${ATOM}(?:\\.${ATOM})*|"(?:[^"\\\\\\r\\n]|\\\\.)*")@(?:${ATOM}(?:\\.${ATOM})*|\\[[^\\[\\]\\s]+\\])`
const EMAIL = new RegExp(`^\\s*(?:${ADDRESS}|(?:(?:${ATOM}|"(?:[^"\\\\]|\\\\.)*"|\\.)\\s*)*<${ADDRESS}>)\\s*$`, 'u')

/** govalidator's: an address that has a dot, IPv6 or not. */
const isIPv4: Check = (text) => text.includes('.') && parseAddressSloppy(text) !== undefined
const isIPv6: Check = (text) => text.includes(':') && parseAddressSloppy(text) !== undefined

const MAC =
  /^(?:[0-9a-fA-F]{2}(?:([:-])[0-9a-fA-F]{2}(?:\1[0-9a-fA-F]{2}){4}(?:(?:\1[0-9a-fA-F]{2}){2}|(?:\1[0-9a-fA-F]{2}){14})?)|[0-9a-fA-F]{4}(?:\.[0-9a-fA-F]{4}){2}(?:\.[0-9a-fA-F]{4})?(?:(?:\.[0-9a-fA-F]{4}){6})?)$/

function isIsbn10(text: string): boolean {
  const digits = text.replace(/[\s-]+/g, '')
  if (!/^(?:\d{9}X|\d{10})$/.test(digits)) return false
  const sum = Array.from(digits).reduce(
    (total, digit, i) => total + (digit === 'X' ? 10 : Number(digit)) * (i < 9 ? i + 1 : 10),
    0,
  )
  return sum % 11 === 0
}

function isIsbn13(text: string): boolean {
  const digits = text.replace(/[\s-]+/g, '')
  if (!/^\d{13}$/.test(digits)) return false
  return Array.from(digits).reduce((total, digit, i) => total + Number(digit) * (i % 2 === 0 ? 1 : 3), 0) % 10 === 0
}

const CREDIT_CARD =
  /^(?:4\d{12}(?:\d{3})?|5[1-5]\d{14}|(?:222[1-9]|22[3-9]\d|2[3-6]\d{2}|27[01]\d|2720)\d{12}|6(?:011|5\d\d)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|(?:2131|1800|35\d{3})\d{11}|6[27]\d{14})$/

function isCreditCard(text: string): boolean {
  const digits = text.replace(/[^0-9]+/g, '')
  if (!CREDIT_CARD.test(digits)) return false
  const sum = Array.from(digits)
    .reverse()
    .map(Number)
    .reduce((total, digit, i) => total + (i % 2 === 0 ? digit : digit * 2 > 9 ? digit * 2 - 9 : digit * 2), 0)
  return sum % 10 === 0
}

const COLOR_PART = '\\s*(?:0|[1-9]\\d?|1\\d\\d?|2[0-4]\\d|25[0-5])\\s*'
const RGB_COLOR = new RegExp(`^rgb\\(${COLOR_PART},${COLOR_PART},${COLOR_PART}\\)$`)
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/

function isDate(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false
  const [year, month, day] = text.split('-').map(Number) as [number, number, number]
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  return day > 0 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day
}

function isDateTime(text: string): boolean {
  const [date, time] = text.toLowerCase().split('t')
  if (date === undefined || time === undefined || !isDate(date)) return false
  const match = /^(\d\d):(\d\d):(\d\d)(?:.\d+)?(?:z|[+-]\d\d:\d\d)$/.exec(time)
  return match !== null && (match[1] as string) <= '23' && (match[2] as string) <= '59' && (match[3] as string) <= '59'
}

const NAME_LABEL = '[a-z0-9](?:[-a-z0-9]*[a-z0-9])?'
const SHORT_NAME = new RegExp(`^${NAME_LABEL}$`)
const LONG_NAME = new RegExp(`^${NAME_LABEL}(?:\\.${NAME_LABEL})*$`)

const CHECKS: ReadonlyMap<string, Check> = new Map<string, Check>([
  ['bsonobjectid', matches(/^[0-9a-fA-F]{24}$/)],
  ['uri', isRequestUri],
  ['email', matches(EMAIL)],
  ['hostname', isHostname],
  ['ipv4', isIPv4],
  ['ipv6', isIPv6],
  ['cidr', (text) => parseNetwork(text, true) !== undefined],
  ['mac', matches(MAC)],
  ['uuid', uuid('[0-9a-f]{4}', '[0-9a-f]{4}')],
  ['uuid3', uuid('3[0-9a-f]{3}', '[0-9a-f]{4}')],
  ['uuid4', uuid('4[0-9a-f]{3}', '[89ab][0-9a-f]{3}')],
  ['uuid5', uuid('5[0-9a-f]{3}', '[89ab][0-9a-f]{3}')],
  ['isbn', (text) => isIsbn10(text) || isIsbn13(text)],
  ['isbn10', isIsbn10],
  ['isbn13', isIsbn13],
  ['creditcard', isCreditCard],
  ['ssn', matches(/^\d{3}[- ]?\d{2}[- ]?\d{4}$/)],
  ['hexcolor', matches(/^#?(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/)],
  ['rgbcolor', matches(RGB_COLOR)],
  ['byte', matches(BASE64)],
  ['password', () => true],
  ['date', isDate],
  ['duration', isLooseDuration],
  ['datetime', isDateTime],
  ['k8sshortname', (text) => text.length <= 63 && SHORT_NAME.test(text)],
  ['k8slongname', (text) => text.length <= 253 && LONG_NAME.test(text)],
])

function isLooseDuration(text: string): boolean {
  if (parseGoDuration(text) !== undefined) return true
  const units = [
    'ns',
    'nano',
    'us',
    'µs',
    'micro',
    'ms',
    'milli',
    's',
    'sec',
    'm',
    'min',
    'h',
    'hr',
    'hour',
    'd',
    'day',
    'w',
    'wk',
    'week',
  ]
  const prefixes = ['nano', 'micro', 'milli', 'sec', 'min', 'hour', 'day', 'week']
  return Array.from(text.matchAll(/\d+\s*([A-Za-zµ]+)/g)).some(([, unit]) => {
    const name = (unit as string).toLowerCase()
    return units.includes(name) || prefixes.some((prefix) => name.startsWith(prefix))
  })
}

/** The check of a `format` of a string schema; undefined when Kubernetes ignores that format. */
export function stringFormat(format: string): Check | undefined {
  return CHECKS.get(format.replaceAll('-', ''))
}

/** Whether the API server knows `format` on a schema of `type` ('' for no type): else it warns. */
export function isKnownFormat(format: string, type: string): boolean {
  switch (type) {
    case '':
    case 'string':
      return stringFormat(format) !== undefined
    case 'integer':
      return format === 'int32' || format === 'int64'
    case 'number':
      return format === 'float' || format === 'double'
    default:
      return false
  }
}
