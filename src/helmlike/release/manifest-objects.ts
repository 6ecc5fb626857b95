// The objects of a release's manifest, and what Helm marks them with.
import type { Unstructured } from '../../apimachinery/object.ts'
import { isMap } from '../gotemplate/value.ts'
import { splitDocuments } from '../render/manifests.ts'
import { toPlain } from '../yaml/json.ts'
import { parseYaml } from '../yaml/parse.ts'

/** Every object of a text of manifests; the items of a List one by one. */
export function objectsOf(manifest: string): Unstructured[] {
  const out: Unstructured[] = []
  for (const { content } of splitDocuments(manifest)) {
    const doc = parseYaml(content)
    if (!isMap(doc) || doc.size === 0) continue
    const object = toPlain(doc) as Unstructured & { items?: Unstructured[] }
    if (object.kind?.endsWith('List') && Array.isArray(object.items)) out.push(...object.items)
    else out.push({ ...object, metadata: object.metadata ?? {} })
  }
  return out
}

/** What an object is called in messages. */
export const label = (o: Unstructured): string => `${o.kind} ${JSON.stringify(o.metadata.name ?? '')}`
export const keyOf = (o: Unstructured, namespace: string): string =>
  `${o.apiVersion} ${o.kind} ${o.metadata.namespace ?? namespace}/${o.metadata.name}`

const MANAGED_BY = 'app.kubernetes.io/managed-by'
const NAME = 'meta.helm.sh/release-name'
const NAMESPACE = 'meta.helm.sh/release-namespace'

/** The object marked as the release's. */
export function owned(o: Unstructured, name: string, namespace: string): Unstructured {
  const m = o.metadata
  return {
    ...o,
    metadata: {
      ...m,
      labels: { ...m.labels, [MANAGED_BY]: 'Helm' },
      annotations: { ...m.annotations, [NAME]: name, [NAMESPACE]: namespace },
    },
  }
}

/** Why an object that is there cannot become the release's; undefined when it is already. */
export function foreign(o: Unstructured, name: string, namespace: string): string | undefined {
  const { labels = {}, annotations = {} } = o.metadata
  const problems: string[] = []
  const check = (kind: string, has: string | undefined, key: string, want: string) => {
    if (has !== want)
      problems.push(
        `${kind} validation error: ${has === undefined ? 'missing' : 'invalid'} key ${JSON.stringify(key)}: must be set to ${JSON.stringify(want)}`,
      )
  }
  check('label', labels[MANAGED_BY], MANAGED_BY, 'Helm')
  check('annotation', annotations[NAME], NAME, name)
  check('annotation', annotations[NAMESPACE], NAMESPACE, namespace)
  return problems.length > 0 ? problems.join('; ') : undefined
}

export const isKept = (o: Unstructured): boolean =>
  o.metadata.annotations?.['helm.sh/resource-policy']?.trim().toLowerCase() === 'keep'

type Json = { [key: string]: unknown }
const isObject = (v: unknown): v is Json => typeof v === 'object' && v !== null && !Array.isArray(v)

/** The JSON merge patch that takes `live` to `next`, deleting only what `old` had: Helm's three-way merge for kinds without a schema. */
export function threeWayPatch(old: unknown, next: Json, live: unknown): Json {
  const patch: Json = {}
  const before = isObject(old) ? old : {}
  const now = isObject(live) ? live : {}
  for (const key of Object.keys(before)) if (!Object.hasOwn(next, key) && Object.hasOwn(now, key)) patch[key] = null
  for (const [key, value] of Object.entries(next)) {
    if (isObject(value)) {
      const inner = threeWayPatch(before[key], value, now[key])
      if (Object.keys(inner).length > 0 || !isObject(now[key])) patch[key] = inner
    } else if (JSON.stringify(value) !== JSON.stringify(now[key])) patch[key] = value
  }
  return patch
}
