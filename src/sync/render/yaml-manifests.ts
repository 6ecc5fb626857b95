import { type Document, isMap, isScalar, isSeq, LineCounter, parseAllDocuments, type YAMLMap } from 'yaml'
import type { Unstructured } from '../../apimachinery/object.ts'
import { exactNumbers } from '../../apimachinery/yaml/exact-numbers.ts'
import { goYaml } from '../../apimachinery/yaml/go-tags.ts'
import { type FieldSegment, fieldSegments, type Manifest, ManifestError, type Place } from './manifest.ts'

/** An alias may be used so often in one document: above that it is a YAML bomb. */
const maxAliases = 100

/** The objects of one YAML or JSON file; a List's items are objects of their own. Throws ManifestError for the first thing wrong. */
export function parseManifests(file: string, text: string): Manifest[] {
  const lines = new LineCounter()
  const at = (offset: number | undefined): Place => {
    const { line, col } = lines.linePos(offset ?? 0)
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const documents = parseAllDocuments(text, {
    lineCounter: lines,
    ...goYaml(text),
    uniqueKeys: true,
  })
  if (!Array.isArray(documents)) return []
  return documents.flatMap((document) => {
    const error = document.errors[0]
    if (error)
      throw new ManifestError(error.message.split(' at line ')[0] ?? error.message, at(error.pos[0]), 'fix the YAML syntax here')
    if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) return []
    return objectsOf(document, at)
  })
}

function objectsOf(document: Document.Parsed, at: (offset: number | undefined) => Place): Manifest[] {
  const place = at(document.contents?.range?.[0])
  let value: unknown
  try {
    value = exactNumbers(document.toJS({ maxAliasCount: maxAliases }))
  } catch (error) {
    throw new ManifestError(error instanceof Error ? error.message : String(error), place)
  }
  if (!isMap(document.contents) || typeof value !== 'object' || value === null) {
    throw new ManifestError('a manifest must be a map with apiVersion, kind and metadata', place)
  }
  const object = value as Record<string, unknown>
  if (typeof object.kind === 'string' && object.kind.endsWith('List') && Array.isArray(object.items)) {
    const items = document.contents.get('items', true)
    return object.items.map((item: unknown, i) => manifest(item, isSeq(items) ? items.items[i] : undefined, place, at))
  }
  return [manifest(object, document.contents, place, at)]
}

function manifest(value: unknown, node: unknown, fallback: Place, at: (offset: number | undefined) => Place): Manifest {
  const place = isMap(node) ? at(node.range?.[0]) : fallback
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new ManifestError('not an object', place)
  const object = value as Record<string, unknown>
  for (const field of ['apiVersion', 'kind']) {
    if (typeof object[field] !== 'string' || object[field] === '') {
      throw new ManifestError(`${field} is missing`, place, 'every manifest says apiVersion, kind and metadata.name')
    }
  }
  const metadata = object.metadata as { name?: unknown; generateName?: unknown } | undefined
  if (typeof metadata !== 'object' || metadata === null || typeof metadata.name !== 'string' || metadata.name === '') {
    const found = isMap(node) ? placeIn(node, ['metadata', 'name'], at) : place
    throw new ManifestError(`${object.kind as string}: ${nameProblem(metadata)}`, found)
  }
  const placeOf = (field: string): Place => (isMap(node) ? placeIn(node, fieldSegments(field), at) : place)
  return { object: object as unknown as Unstructured, place, placeOf }
}

function nameProblem(metadata: { name?: unknown; generateName?: unknown } | undefined): string {
  const { name, generateName } = metadata ?? {}
  if (generateName) return 'metadata.generateName cannot be synced: the name must be the same at each sync'
  if (name === undefined || name === null || name === '') return 'metadata.name is missing'
  // YAML reads `n`, `yes` and `12` as something else.
  return `metadata.name is read as ${JSON.stringify(name)}: put it into quotes`
}

/** The place of the key that a path leads to, as far as the document goes along. */
function placeIn(root: YAMLMap, path: readonly FieldSegment[], at: (offset: number | undefined) => Place): Place {
  let node: unknown = root
  let best = at(root.range?.[0])
  for (const segment of path) {
    if (isMap(node)) {
      const pair = node.items.find((p) => isScalar(p.key) && String(p.key.value) === String(segment))
      if (!pair) break
      if (isScalar(pair.key)) best = at(pair.key.range?.[0])
      node = pair.value
    } else if (isSeq(node) && typeof segment !== 'string') {
      node = typeof segment === 'number' ? node.items[segment] : node.items.find((item) => hasKeys(item, segment.keys))
      const range = (node as { range?: [number, number, number] } | undefined)?.range
      if (!range) break
      best = at(range[0])
    } else break
  }
  return best
}

function hasKeys(item: unknown, keys: ReadonlyMap<string, string>): boolean {
  return isMap(item) && [...keys].every(([key, value]) => !item.has(key) || String(item.get(key)) === value)
}
