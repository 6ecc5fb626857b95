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

/** `spec.containers[0].env[name="A"].x` → ['spec', 'containers', 0, 'env', …]; a key in brackets is a map key. */
export function fieldSegments(field: string): (string | number)[] {
  const segments: (string | number)[] = []
  for (const match of field.matchAll(/\[([^\]]*)\]|([^.[\]]+)/g)) {
    if (match[1] === undefined) segments.push(match[2] ?? '')
    else segments.push(/^\d+$/.test(match[1]) ? Number(match[1]) : match[1].replace(/^"|"$/g, ''))
  }
  return segments
}

/** `apps/Deployment default/web`, to tell people which object is meant. */
export function describe(object: Unstructured): string {
  const { namespace, name } = object.metadata
  return `${object.kind} ${namespace ? `${namespace}/` : ''}${name}`
}
