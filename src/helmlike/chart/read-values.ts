// Values files: YAML maps, possibly several documents that are merged, parsed once a text.

import { YamlError } from '../../apimachinery/yaml/error.ts'
import { copyMap, isList, isMap, type Value, type ValueMap } from '../gotemplate/value.ts'
import { parseYaml } from '../yaml/parse.ts'
import { ChartError } from './chart.ts'

const MAX_CACHED = 256
const cache = new Map<string, ValueMap>()

/** The values of a file's text. Throws ChartError naming `file`. */
export function readValues(text: string, file: string): ValueMap {
  let values = cache.get(text)
  if (!values) {
    values = parseValues(text, file)
    if (cache.size >= MAX_CACHED) cache.delete(cache.keys().next().value as string)
    cache.set(text, values)
  }
  return copyMap(values)
}

function parseValues(text: string, file: string): ValueMap {
  let values: ValueMap = new Map()
  for (const part of documents(text)) {
    const doc = parseDocument(part, file)
    if (isMap(doc)) values = mergeMaps(values, doc)
    else if (doc !== null && doc !== undefined) {
      const kind = isList(doc) ? 'array' : typeof doc === 'boolean' ? 'bool' : typeof doc
      throw new ChartError(
        `cannot load ${file}: cannot unmarshal yaml document: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${kind} into Go value of type map[string]interface {}`,
      )
    }
  }
  return values
}

/** A text at its `---` lines. */
function documents(text: string): string[] {
  return text.startsWith('---') || text.includes('\n---') ? text.split(/^---.*\n?/m) : [text]
}

function parseDocument(text: string, file: string): Value {
  try {
    return parseYaml(text)
  } catch (e) {
    if (e instanceof YamlError)
      throw new ChartError(`cannot load ${file}: cannot unmarshal yaml document: error converting YAML to JSON: ${e.message}`)
    throw e
  }
}

/** A new map with `b` laid over `a`: maps are merged, all else replaced. */
export function mergeMaps(a: ValueMap, b: ValueMap): ValueMap {
  const out: ValueMap = new Map(a)
  for (const [k, v] of b) {
    const old = out.get(k)
    out.set(k, isMap(v) && isMap(old) ? mergeMaps(old, v) : v)
  }
  return out
}
