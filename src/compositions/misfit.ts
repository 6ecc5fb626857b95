import { type CelType, isDyn, isOptional } from '../crd/cel/types.ts'
import { fieldOf, itemOf, type SchemaTypes, type Shape, type Shaped, shapeOf, type TypedSchema } from './schema-types.ts'

/** Which CEL types may become a value of a shape. */
const fitting: Readonly<Record<Exclude<Shape, 'object' | 'map' | 'list' | 'any'>, readonly string[]>> = {
  string: ['string'],
  integer: ['int', 'uint'],
  number: ['int', 'uint', 'double'],
  boolean: ['bool'],
}
/** Texts with a form, which are values of their own in expressions. */
const formatted: Readonly<Record<string, string>> = { 'date-time': 'timestamp', duration: 'duration', byte: 'bytes' }

/** Why an expression of `type` cannot make a value of `wanted`; undefined when it can, or when types do not tell. */
export function misfit(type: CelType, wanted: TypedSchema, types: SchemaTypes): string | undefined {
  if (isDyn(type) || type.kind === 'param' || type.kind === 'null') return undefined
  // An optional without value leaves its field out.
  if (isOptional(type)) return misfit(type.params[0] as CelType, wanted, types)
  const shaped = shapeOf(wanted)
  switch (shaped.shape) {
    case 'any':
      return undefined
    case 'list': {
      if (type.kind !== 'list') return expected('list', type)
      const wrong = misfit(type.params[0] as CelType, itemOf(shaped), types)
      return wrong && `in its items: ${wrong}`
    }
    case 'map':
    case 'object':
      return objectMisfit(type, shaped, types)
    default: {
      const form = formatted[shaped.schema.format ?? '']
      return fitting[shaped.shape].includes(type.kind) || type.kind === form ? undefined : expected(shaped.shape, type)
    }
  }
}

const expected = (shape: string, type: CelType): string =>
  `is ${type.toString().replace(/^object .*/, 'an object')}, where ${shape} is needed`

function objectMisfit(type: CelType, shaped: Shaped, types: SchemaTypes): string | undefined {
  if (type.kind === 'map') {
    if (shaped.shape === 'object') return undefined
    const wrong = misfit(type.params[1] as CelType, fieldOf(shaped, '') as TypedSchema, types)
    return wrong && `in its values: ${wrong}`
  }
  if (type.kind !== 'struct') return expected('an object', type)
  const given = types.schemaOf(type.name)
  for (const name of Object.keys(given?.schema.properties ?? {})) {
    const target = fieldOf(shaped, name)
    if (!target) return `has a field ${JSON.stringify(name)}, which is not among those that are needed`
    const field = types.field(type.name, name)
    // Objects within objects are taken to fit: kinds are built of the same parts.
    const wrong = field && field.kind !== 'struct' ? misfit(field, target, types) : undefined
    if (wrong) return `.${name} ${wrong}`
  }
  return undefined
}
