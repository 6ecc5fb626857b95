/**
 * The rules for names, labels and other small texts, with the texts of k8s.io/apimachinery/pkg/util/validation and
 * pkg/api/validate/content. Each returns what is wrong, most often nothing. Lengths are in bytes of UTF-8.
 */

const none: readonly string[] = []
export type Problems = readonly string[]

/** Whether the UTF-8 form of `value` has more than `max` bytes; cheap for short texts. */
export function isLonger(value: string, max: number): boolean {
  return value.length > max || (value.length * 3 > max && Buffer.byteLength(value) > max)
}

const maxLength = (max: number, unit = 'characters') => `must be no more than ${max} ${unit}`
const maxBytes = (max: number) => maxLength(max, 'bytes')
const emptyText = 'must be non-empty'
export const rangeText = (low: number | bigint, high: number | bigint) => `must be between ${low} and ${high}, inclusive`

/** `text (e.g. 'a',  or 'b', regex used for validation is 're')`, as Kubernetes words it. */
export function regexText(text: string, pattern: string, ...examples: string[]): string {
  if (examples.length === 0) return `${text} (regex used for validation is '${pattern}')`
  return `${text} (e.g. ${examples.map((e) => `'${e}', `).join(' or ')}regex used for validation is '${pattern}')`
}

const anchored = (pattern: string) => new RegExp(`^(?:${pattern})$`)

const label1123 = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const subdomain1123 = `${label1123}(\\.${label1123})*`
const underscoreLabel = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?'
const underscoreSubdomain = `${underscoreLabel}(\\.${underscoreLabel})*`
const label1035 = '[a-z]([-a-z0-9]*[a-z0-9])?'
const labelKey = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'
const labelValue = `(${labelKey})?`
const wildcard = `\\*\\.${subdomain1123}`

const label1123Pattern = anchored(label1123)
const subdomain1123Pattern = anchored(subdomain1123)
const underscorePattern = anchored(underscoreSubdomain)
const label1035Pattern = anchored(label1035)
const labelKeyPattern = anchored(labelKey)
const labelValuePattern = anchored(labelValue)
const wildcardPattern = anchored(wildcard)

const labelText = regexText(
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
  label1123,
  'my-name',
  '123-abc',
)
const subdomainText = regexText(
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  subdomain1123,
  'example.com',
)
const underscoreText = regexText(
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character",
  underscoreSubdomain,
  'example.com',
)
const label1035Text = regexText(
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  label1035,
  'my-name',
  'abc-123',
)
const wildcardText = regexText(
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
  wildcard,
  '*.example.com',
)
const labelKeyText = regexText(
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  labelKey,
  'MyName',
  'my.name',
  '123-abc',
)
const labelValueText = regexText(
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  labelValue,
  'MyValue',
  'my_value',
  '12345',
)

function check(value: string, max: number, pattern: RegExp, text: string, tooLong = maxLength): Problems {
  const long = isLonger(value, max)
  if (!long && pattern.test(value)) return none
  const problems = long ? [tooLong(max)] : []
  if (!pattern.test(value)) problems.push(text)
  return problems
}

const dns1123LabelWith = (value: string, tooLong: (max: number) => string) =>
  check(value, 63, label1123Pattern, subdomain1123Pattern.test(value) ? 'must not contain dots' : labelText, tooLong)

/** A lower-case RFC 1123 label of at most 63 bytes. */
export const isDns1123Label = (value: string): Problems =>
  label1123Pattern.test(value) && value.length <= 63 ? none : dns1123LabelWith(value, maxLength)
export const isDns1123Subdomain = (value: string): Problems => check(value, 253, subdomain1123Pattern, subdomainText)
/** As declarative validation words it. */
export const isLongName = (value: string): Problems => check(value, 253, subdomain1123Pattern, subdomainText, maxBytes)
export const isDns1123SubdomainWithUnderscore = (value: string): Problems => check(value, 253, underscorePattern, underscoreText)
export const isDns1035Label = (value: string): Problems => check(value, 63, label1035Pattern, label1035Text)
export const isWildcardDns1123Subdomain = (value: string): Problems => check(value, 253, wildcardPattern, wildcardText)
export const isLabelValue = (value: string): Problems => check(value, 63, labelValuePattern, labelValueText, maxBytes)

/** A label key, annotation key, resource or finalizer name: `[prefix/]name`. */
export function isQualifiedName(value: string): Problems {
  const slash = value.indexOf('/')
  if (slash < 0 && value.length <= 63 && labelKeyPattern.test(value)) return none
  const problems: string[] = []
  let name = value
  if (slash >= 0) {
    if (value.includes('/', slash + 1)) {
      return [`a valid label key ${labelKeyText} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`]
    }
    const prefix = value.slice(0, slash)
    name = value.slice(slash + 1)
    if (prefix === '') problems.push(`prefix part ${emptyText}`)
    else for (const p of isLongName(prefix)) problems.push(`prefix part ${p}`)
  }
  if (name === '') problems.push(`name part ${emptyText}`)
  else if (isLonger(name, 63)) problems.push(`name part ${maxBytes(63)}`)
  if (!labelKeyPattern.test(name)) problems.push(`name part ${labelKeyText}`)
  return problems
}

const identifier = '[A-Za-z_][A-Za-z0-9_]*'
const identifierPattern = anchored(identifier)
const identifierText = regexText(
  "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'",
  identifier,
  'my_name',
  'MY_NAME',
  'MyName',
)
export const isCIdentifier = (value: string): Problems => (identifierPattern.test(value) ? none : [identifierText])

const isInRange = (value: number, low: number, high: number): Problems =>
  value >= low && value <= high ? none : [rangeText(low, high)]
export const isPortNumber = (port: number): Problems => isInRange(port, 1, 65535)
/** User and group ids: 0 to 2^31 - 1. */
export const isId = (id: number): Problems => isInRange(id, 0, 2147483647)

const portCharacters = /^[-a-z0-9]+$/
const oneLetter = /[a-z]/
/** An IANA_SVC_NAME of at most 15 bytes. */
export function isPortName(port: string): Problems {
  const problems: string[] = []
  if (isLonger(port, 15)) problems.push(maxLength(15))
  if (!portCharacters.test(port)) problems.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)')
  if (!oneLetter.test(port)) problems.push('must contain at least one letter (a-z)')
  if (port.includes('--')) problems.push('must not contain consecutive hyphens')
  if (port.startsWith('-') || port.endsWith('-')) problems.push('must not begin or end with a hyphen')
  return problems
}

const percentPattern = /^[0-9]+%$/
const percentText = regexText("a valid percent string must be a numeric string followed by an ending '%'", '[0-9]+%', '1%', '93%')
export const isPercent = (value: string): Problems => (percentPattern.test(value) ? none : [percentText])

const headerPattern = /^[-A-Za-z0-9]+$/
const headerText = regexText(
  "a valid HTTP header must consist of alphanumeric characters or '-'",
  '[-A-Za-z0-9]+',
  'X-Header-Name',
)
export const isHttpHeaderName = (value: string): Problems => (headerPattern.test(value) ? none : [headerText])

function parentDirectory(value: string): Problems {
  if (value === '.') return [`must not be '.'`]
  if (value === '..') return [`must not be '..'`]
  return value.startsWith('..') ? [`must not start with '..'`] : none
}

const relaxedEnvPattern = /^[\x20-\x3c\x3e-\x7e]*$/
/** The rule since RelaxedEnvironmentVariableValidation (1.34). */
export function isRelaxedEnvVarName(value: string): Problems {
  if (value === '') return [`environment variable name ${emptyText}`]
  if (relaxedEnvPattern.test(value)) return none
  return ["a valid environment variable name must consist only of printable ASCII characters other than '='"]
}

const configKey = '[-._a-zA-Z0-9]+'
const configKeyPattern = anchored(configKey)
const configKeyText = regexText(
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
  configKey,
  'key.name',
  'KEY_NAME',
  'key-name',
)
/** A key of a ConfigMap or Secret. */
export function isConfigMapKey(value: string): Problems {
  if (!isLonger(value, 253) && configKeyPattern.test(value) && value.charCodeAt(0) !== 46) return none
  return [...check(value, 253, configKeyPattern, configKeyText), ...parentDirectory(value)]
}

/** What a name in a URL path may not be or hold. */
export function isPathSegmentName(name: string): Problems {
  if (name === '.' || name === '..') return [`may not be '${name}'`]
  return isPathSegmentPrefix(name)
}
export function isPathSegmentPrefix(name: string): Problems {
  const problems: string[] = []
  if (name.includes('/')) problems.push(`may not contain '/'`)
  if (name.includes('%')) problems.push(`may not contain '%'`)
  return problems
}
