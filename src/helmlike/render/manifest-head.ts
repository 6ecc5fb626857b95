// What Helm reads of a manifest: its kind, its name, its annotations. The whole document must be YAML for that, and parsing it is
// a quarter of a render, but from render to render most documents stay as they are: a text is parsed once.

import { YamlError } from '../../apimachinery/yaml/error.ts'
import { scalarText } from '../chart/metadata.ts'
import { isMap, type Value, type ValueMap } from '../gotemplate/value.ts'
import { parseYaml } from '../yaml/parse.ts'

export interface ManifestHead {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly annotations: ReadonlyMap<string, string>
  /** Nothing but comments. */
  readonly isEmpty: boolean
}

/** A document that Helm does not take for a manifest; `line` is of the document, from 1, or 0. */
export class NoManifest extends Error {
  readonly line: number
  constructor(message: string, line = 0) {
    super(message)
    this.name = 'NoManifest'
    this.line = line
  }
}

/** Characters of all texts together. */
const MAX_KEPT = 8 << 20
const heads = new Map<string, ManifestHead>()
let kept = 0

/** The head of a document. Throws NoManifest. */
export function readHead(text: string): ManifestHead {
  const known = heads.get(text)
  if (known) return known
  const head = parseHead(text)
  kept += text.length
  if (kept > MAX_KEPT) {
    heads.clear()
    kept = text.length
  }
  if (text.length <= MAX_KEPT) heads.set(text, head)
  return head
}

const JSON_PREFIX = 'error unmarshaling JSON: while decoding JSON: json: cannot unmarshal'
const kindOf = (v: Value) =>
  Array.isArray(v) ? 'array' : isMap(v) ? 'object' : typeof v === 'boolean' ? 'bool' : (typeof v as string)

function wrongType(v: Value, place: string, type: string): NoManifest {
  return new NoManifest(`${JSON_PREFIX} ${kindOf(v)} into Go ${place} of type ${type}`)
}

function parseHead(text: string): ManifestHead {
  let object: Value
  try {
    object = parseYaml(text)
  } catch (e) {
    throw e instanceof YamlError ? new NoManifest(`error converting YAML to JSON: ${e.message}`, Math.max(1, e.line)) : e
  }
  if (object === null || object === undefined)
    return { apiVersion: '', kind: '', name: '', annotations: new Map(), isEmpty: true }
  if (!isMap(object)) throw new NoManifest(`${JSON_PREFIX} ${kindOf(object)} into Go value of type util.SimpleHead`)
  const metadata = object.get('metadata')
  if (metadata !== null && metadata !== undefined && !isMap(metadata)) {
    throw wrongType(
      metadata,
      'struct field SimpleHead.metadata',
      'struct { Name string "json:\\"name\\""; Annotations map[string]string "json:\\"annotations\\"" }',
    )
  }
  const name = isMap(metadata) ? textAt(metadata, 'name', '.metadata.') : ''
  const apiVersion = textAt(object, 'apiVersion', 'SimpleHead.')
  const kind = textAt(object, 'kind', 'SimpleHead.')
  return { apiVersion, kind, name, annotations: annotationsOf(metadata), isEmpty: false }
}

function textAt(m: ValueMap, key: string, at: string): string {
  const v = m.get(key)
  const s = scalarText(v)
  if (s === undefined) throw wrongType(v, `struct field ${at}${key}`, 'string')
  return s
}

function annotationsOf(metadata: Value): ReadonlyMap<string, string> {
  const annotations = isMap(metadata) ? metadata.get('annotations') : undefined
  const out = new Map<string, string>()
  if (annotations === null || annotations === undefined) return out
  // The struct of the metadata has no name in Go.
  const place = 'struct field .metadata.annotations'
  if (!isMap(annotations)) throw wrongType(annotations, place, 'map[string]string')
  for (const [k, v] of annotations) {
    const s = scalarText(v)
    if (s === undefined) throw wrongType(v, place, 'string')
    out.set(k, s)
  }
  return out
}
