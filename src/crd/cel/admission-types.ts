import type { StructTypes } from './environment.ts'
import { fromJson } from './json-values.ts'
import { LazyList } from './lazy-list.ts'
import { parseTimestamp } from './library/time-text.ts'
import { BOOL, type CelType, DYN, INT, listOf, mapOf, STRING, structType, TIMESTAMP } from './types.ts'
import { CelStruct, type Value } from './values.ts'

type Fields = Readonly<Record<string, CelType>>

const strings = listOf(STRING)
const requirements = listOf(structType('kubernetes.SelectorRequirement'))
const gvk = structType('kubernetes.GroupVersionKind')
const gvr = structType('kubernetes.GroupVersionResource')

/** The types of `request` and `namespaceObject` (k8s.io/apiserver/pkg/admission/plugin/cel/compile.go; pkg/authorization/cel/compile.go). */
const declared: Readonly<Record<string, Fields | undefined>> = {
  'kubernetes.GroupVersionKind': { group: STRING, version: STRING, kind: STRING },
  'kubernetes.GroupVersionResource': { group: STRING, version: STRING, resource: STRING },
  'kubernetes.UserInfo': { username: STRING, uid: STRING, groups: strings, extra: mapOf(STRING, strings) },
  'kubernetes.SubjectAccessReviewSpec': {
    resourceAttributes: structType('kubernetes.ResourceAttributes'),
    nonResourceAttributes: structType('kubernetes.NonResourceAttributes'),
    user: STRING,
    groups: strings,
    extra: mapOf(STRING, strings),
    uid: STRING,
  },
  'kubernetes.ResourceAttributes': {
    namespace: STRING,
    verb: STRING,
    group: STRING,
    version: STRING,
    resource: STRING,
    subresource: STRING,
    name: STRING,
    fieldSelector: structType('kubernetes.FieldSelectorAttributes'),
    labelSelector: structType('kubernetes.LabelSelectorAttributes'),
  },
  'kubernetes.NonResourceAttributes': { path: STRING, verb: STRING },
  'kubernetes.FieldSelectorAttributes': { rawSelector: STRING, requirements: requirements },
  'kubernetes.LabelSelectorAttributes': { rawSelector: STRING, requirements: requirements },
  'kubernetes.SelectorRequirement': { key: STRING, operator: STRING, values: strings },
  'kubernetes.AdmissionRequest': {
    kind: gvk,
    resource: gvr,
    subResource: STRING,
    requestKind: gvk,
    requestResource: gvr,
    requestSubResource: STRING,
    name: STRING,
    namespace: STRING,
    operation: STRING,
    userInfo: structType('kubernetes.UserInfo'),
    dryRun: BOOL,
    options: DYN,
  },
  'kubernetes.NamespaceSpec': { finalizers: strings },
  'kubernetes.NamespaceCondition': {
    status: STRING,
    type: STRING,
    lastTransitionTime: TIMESTAMP,
    message: STRING,
    reason: STRING,
  },
  'kubernetes.NamespaceStatus': { conditions: listOf(structType('kubernetes.NamespaceCondition')), phase: STRING },
  'kubernetes.NamespaceMetadata': {
    name: STRING,
    generateName: STRING,
    namespace: STRING,
    labels: mapOf(STRING, STRING),
    annotations: mapOf(STRING, STRING),
    UID: STRING,
    creationTimestamp: TIMESTAMP,
    deletionGracePeriodSeconds: INT,
    deletionTimestamp: TIMESTAMP,
    generation: INT,
    resourceVersion: STRING,
    finalizers: strings,
  },
  'kubernetes.Namespace': {
    metadata: structType('kubernetes.NamespaceMetadata'),
    spec: structType('kubernetes.NamespaceSpec'),
    status: structType('kubernetes.NamespaceStatus'),
  },
}

export const REQUEST = structType('kubernetes.AdmissionRequest')
export const NAMESPACE = structType('kubernetes.Namespace')
/** `request` in the match conditions of authorization webhooks. */
export const ACCESS_REVIEW = structType('kubernetes.SubjectAccessReviewSpec')

const own = (name: string): Fields | undefined => (Object.hasOwn(declared, name) ? declared[name] : undefined)

export const declaredTypes: StructTypes = {
  find: (name) => (own(name) ? structType(name) : undefined),
  field: (name, field) => {
    const fields = own(name)
    return fields && Object.hasOwn(fields, field) ? fields[field] : undefined
  },
}

/** JSON as a value of a declared type. */
export function typed(value: unknown, type: CelType): Value {
  if (value === null || value === undefined) return null
  if (type.kind === 'struct') return new Declared(type, value as Record<string, unknown>)
  if (type.kind === 'timestamp' && typeof value === 'string') return parseTimestamp(value) ?? null
  const [element] = type.params
  if (type.kind === 'list' && element?.kind === 'struct' && Array.isArray(value))
    return new LazyList(value, (item) => typed(item, element))
  return fromJson(value)
}

class Declared extends CelStruct {
  readonly type: CelType
  readonly #value: Record<string, unknown>
  constructor(type: CelType, value: Record<string, unknown>) {
    super()
    this.type = type
    this.#value = value
  }
  get(field: string): Value | undefined {
    const type = declaredTypes.field(this.type.name, field)
    const value = Object.hasOwn(this.#value, field) ? this.#value[field] : undefined
    return type === undefined || value === undefined ? undefined : typed(value, type)
  }
  fields(): readonly string[] {
    return Object.keys(this.#value)
  }
}
