import type { Unstructured } from '../../apimachinery/object.ts'

export interface Place {
  readonly file: string
  /** From 1. */
  readonly line: number
  readonly column: number
}

/** An object as a file says it, with the place of each of its fields. */
export interface Manifest {
  readonly object: Unstructured
  readonly place: Place
  /** Where a field stands, by a path as the API writes it (`spec.containers[0].image`); the nearest parent when the field is not there. */
  readonly placeOf: (field: string) => Place
}

/** Something is wrong in a file of the repository. */
export class ManifestError extends Error {
  readonly where: Place
  readonly hint: string | undefined
  constructor(what: string, where: Place, hint?: string) {
    super(`${where.file}:${where.line}:${where.column}: ${what}`)
    this.name = 'ManifestError'
    this.where = where
    this.hint = hint
  }
}

/** A key of a map, an index, or the keys by which an item of a list is known. */
export type FieldSegment = string | number | { readonly keys: ReadonlyMap<string, string> }

/** `spec.containers[0].ports[containerPort=80,protocol="TCP"].name` → its steps; other text in brackets is the key of a map. */
export function fieldSegments(field: string): FieldSegment[] {
  const segments: FieldSegment[] = []
  for (const match of field.matchAll(/\[([^\]]*)\]|([^.[\]]+)/g)) {
    const inBrackets = match[1]
    if (inBrackets === undefined) segments.push(match[2] ?? '')
    else if (/^\d+$/.test(inBrackets)) segments.push(Number(inBrackets))
    else if (/^\w+=/.test(inBrackets)) segments.push({ keys: keysOf(inBrackets) })
    else segments.push(inBrackets.replace(/^"|"$/g, ''))
  }
  return segments
}

/** `name="web",port=80` → name: web, port: 80. */
function keysOf(text: string): ReadonlyMap<string, string> {
  const pairs = [...text.matchAll(/(\w+)=(?:"([^"]*)"|([^,]*))/g)]
  return new Map(pairs.map((m) => [m[1] ?? '', m[2] ?? m[3] ?? '']))
}

/** `apps/Deployment default/web`, to tell people which object is meant. */
export function describe(object: Unstructured): string {
  const { namespace, name } = object.metadata
  return `${object.kind} ${namespace ? `${namespace}/` : ''}${name}`
}
