import { isDns1035Label, isDns1123Label, isDns1123Subdomain, isLabelValue, isQualifiedName } from '../../../apimachinery/names.ts'
import { stringFormat } from '../../formats/formats.ts'
import { parseRequestUri } from '../../formats/go-url.ts'
import { actualSize, type Operand } from '../cost-estimate.ts'
import { ONE, REGEX_LENGTH, STRING_TRAVERSAL, scale } from '../cost-range.ts'
import type { Library } from '../environment.ts'
import { listOf, optionalOf, STRING, structType } from '../types.ts'
import { ArrayList, CelOpaque, CelOptional, type Value } from '../values.ts'
import { method, overload } from './signature.ts'

const FORMAT = structType('kubernetes.NamedFormat')
const LARGEST_PATTERN = 128

class CelFormat extends CelOpaque {
  readonly type = FORMAT
  readonly name: string
  readonly problems: (text: string) => readonly string[]
  /** About how long a pattern of this form would be. */
  readonly patternSize: number
  constructor(name: string, patternSize: number, problems: (text: string) => readonly string[]) {
    super()
    this.name = name
    this.patternSize = patternSize
    this.problems = problems
  }
  equals(other: CelOpaque): boolean {
    return this.name === (other as CelFormat).name
  }
}

/** A prefix may end with a dash: what follows it makes it valid. */
const asPrefix = (text: string): string => (text.length > 1 && text.endsWith('-') ? `${text.slice(0, -1)}a` : text)

const schemaFormat = (name: string, complaint: string) => (text: string) => (stringFormat(name)?.(text) ? [] : [complaint])

function uriProblems(text: string): string[] {
  try {
    parseRequestUri(text)
    return []
  } catch (error) {
    return [(error as Error).message]
  }
}

const FORMATS: ReadonlyMap<string, CelFormat> = new Map([
  ['dns1123Label', new CelFormat('DNS1123Label', 30, isDns1123Label)],
  ['dns1123Subdomain', new CelFormat('DNS1123Subdomain', 60, isDns1123Subdomain)],
  ['dns1035Label', new CelFormat('DNS1035Label', 30, isDns1035Label)],
  ['qualifiedName', new CelFormat('QualifiedName', 60, isQualifiedName)],
  ['dns1123LabelPrefix', new CelFormat('DNS1123LabelPrefix', 30, (text) => isDns1123Label(asPrefix(text)))],
  ['dns1123SubdomainPrefix', new CelFormat('DNS1123SubdomainPrefix', 60, (text) => isDns1123Subdomain(asPrefix(text)))],
  ['dns1035LabelPrefix', new CelFormat('DNS1035LabelPrefix', 30, (text) => isDns1035Label(asPrefix(text)))],
  ['labelValue', new CelFormat('LabelValue', 40, isLabelValue)],
  ['uri', new CelFormat('URI', 1103, uriProblems)],
  ['uuid', new CelFormat('uuid', 79, schemaFormat('uuid', 'does not match the UUID format'))],
  ['byte', new CelFormat('byte', 84, schemaFormat('byte', 'invalid base64'))],
  ['date', new CelFormat('date', 83, schemaFormat('date', 'invalid date'))],
  ['datetime', new CelFormat('datetime', 83, schemaFormat('datetime', 'invalid datetime'))],
])

function validate(format: CelFormat, text: string): CelOptional {
  const problems = format.problems(text)
  return problems.length === 0 ? CelOptional.none : new CelOptional(new ArrayList(problems))
}

function named(name: string): CelOptional {
  const format = FORMATS.get(name)
  return format === undefined ? CelOptional.none : new CelOptional(format)
}

const validateCost = ([format, text]: readonly Value[]): number =>
  Math.ceil((1 + actualSize(text as Value)) * STRING_TRAVERSAL) * Math.ceil((format as CelFormat).patternSize * REGEX_LENGTH)

/** Kubernetes' named formats: format.dns1123Label().validate(name). */
export const format: Library = {
  types: [FORMAT],
  functions: {
    ...Object.fromEntries(
      Array.from(FORMATS, ([name, value]) => [`format.${name}`, [overload(`format.${name}`, [], FORMAT, () => value)]]),
    ),
    'format.named': [overload('format-named', [STRING], optionalOf(FORMAT), named, { estimate: () => ({ cost: ONE }) })],
    validate: [
      method('format-validate', [FORMAT, STRING], optionalOf(listOf(STRING)), validate, {
        cost: validateCost,
        estimate: (operands, sizes) => ({
          cost: scale(scale(sizes.of(operands[1] as Operand), STRING_TRAVERSAL), LARGEST_PATTERN * REGEX_LENGTH),
        }),
      }),
    ],
  },
}
