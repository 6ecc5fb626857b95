import type { CelKind, CelType } from '../crd/cel/types.ts'
import type { JsonSchema } from '../crd/schema/json-schema.ts'

import type { Template } from './template.ts'

const anything: JsonSchema = { 'x-kubernetes-preserve-unknown-fields': true }

/** The schema of a status, by the types of the expressions that make it. */
export function statusSchema(template: Template): JsonSchema {
  switch (template.kind) {
    case 'map':
      return {
        type: 'object',
        properties: Object.fromEntries(template.entries.map(([name, part]) => [name, statusSchema(part)])),
      }
    case 'list': {
      const [first] = template.items
      return { type: 'array', items: first ? statusSchema(first) : anything }
    }
    case 'text':
      return { type: 'string' }
    case 'literal':
      return typeof template.value === 'string' ? { type: 'string' } : anything
    case 'expression':
      return typeSchema(template.expression.program.type)
  }
}

const scalars: Partial<Record<CelKind, JsonSchema>> = {
  string: { type: 'string' },
  int: { type: 'integer' },
  uint: { type: 'integer' },
  double: { type: 'number' },
  bool: { type: 'boolean' },
  timestamp: { type: 'string', format: 'date-time' },
  duration: { type: 'string' },
  bytes: { type: 'string', format: 'byte' },
}

function typeSchema(type: CelType): JsonSchema {
  const [first, second] = type.params
  if (type.kind === 'opaque' && type.name === 'optional_type' && first) return typeSchema(first)
  if (type.kind === 'list' && first) return { type: 'array', items: typeSchema(first) }
  if (type.kind === 'map' && second) return { type: 'object', additionalProperties: typeSchema(second) }
  if (type.kind === 'struct') return { type: 'object', ...anything }
  return scalars[type.kind] ?? anything
}
