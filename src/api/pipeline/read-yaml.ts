import { int64, numberOf } from '../../apimachinery/json.ts'
import { doubleText } from '../../apimachinery/number-text.ts'
import { checkCharacters } from '../../apimachinery/yaml/characters.ts'
import { YamlError } from '../../apimachinery/yaml/error.ts'
import { parseDocument, type YamlValue } from '../../apimachinery/yaml/parser.ts'

/** What the first document of `text` says, as sigs.k8s.io/yaml reads it. Throws YamlError: what is no YAML, or no JSON when it is. */
export function readYaml(text: string): unknown {
  // A mark of byte order says nothing.
  const yaml = text.startsWith('\ufeff') ? text.slice(1) : text
  checkCharacters(yaml)
  return asJson(parseDocument(yaml, (scalar) => scalar))
}

/** The value after Go wrote it as JSON. */
function asJson(value: YamlValue): unknown {
  if (typeof value === 'bigint') return int64(value) ?? Number(value)
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : written(value)
  if (Array.isArray(value)) return value.map(asJson)
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, inner]) => [key, asJson(inner)]))
  return value
}

function written(value: number): number | bigint {
  if (!Number.isFinite(value)) throw YamlError.plain(`json: unsupported value: ${doubleText(value)}`)
  return numberOf(String(value))
}
