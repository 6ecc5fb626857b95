import type { StructTypes } from '../../../crd/cel/environment.ts'
import { type CelType, DYN, listOf, STRING, structType } from '../../../crd/cel/types.ts'
import { CelList, CelStruct, listItems, type Value } from '../../../crd/cel/values.ts'

/** What mutations of kind ApplyConfiguration make: `Object{spec: Object.spec{replicas: 3}}`. */
export const OBJECT = structType('Object')
const JSON_PATCH = structType('JSONPatch')
/** What mutations of kind JSONPatch make: `[JSONPatch{op: 'add', path: '/a', value: 1}]`. */
export const JSON_PATCHES: CelType = listOf(JSON_PATCH)

const patchFields: Readonly<Record<string, CelType>> = { op: STRING, path: STRING, from: STRING, value: DYN }
const isObject = (name: string): boolean => name === 'Object' || name.startsWith('Object.')

export const mutationTypes: StructTypes = {
  find: (name) => (isObject(name) ? structType(name) : name === 'JSONPatch' ? JSON_PATCH : undefined),
  field: (name, field) => {
    if (isObject(name)) return DYN
    if (name !== 'JSONPatch') return undefined
    // What a patch does not have is there, of a type that nothing is of.
    return Object.hasOwn(patchFields, field) ? patchFields[field] : structType('')
  },
  construct: (name, fields) => new Made(structType(name), fields),
}

/** An object that an expression has put together. */
class Made extends CelStruct {
  readonly type: CelType
  readonly #fields: ReadonlyMap<string, Value>
  constructor(type: CelType, fields: ReadonlyMap<string, Value>) {
    super()
    this.type = type
    this.#fields = fields
  }
  get(field: string): Value | undefined {
    return this.#fields.get(field)
  }
  fields(): readonly string[] {
    return [...this.#fields.keys()]
  }
}

/** The name of each object must say where it stands: why not, else undefined. */
export function misplaced(value: Value, path = 'Object'): string | undefined {
  if (value instanceof CelList)
    return listItems(value)
      .map((item) => misplaced(item, path))
      .find(Boolean)
  if (!(value instanceof Made)) return undefined
  if (value.type.name !== path) {
    return `unexpected type name "${value.type.name}", expected "${path}", which matches field name path from root Object type`
  }
  return value
    .fields()
    .map((field) => misplaced(value.get(field) ?? null, `${path}.${field}`))
    .find(Boolean)
}
