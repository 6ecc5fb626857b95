import type { Schema } from './definitions.ts'
import {
  any,
  double,
  extensions,
  flag,
  flagOr,
  integer,
  message,
  named,
  operations,
  text,
  textOr,
  texts,
} from './gnostic-fields.ts'

type Members = Readonly<Record<string, unknown>>

/** What is written once for the whole v2 document. */
interface SharedV2 {
  readonly info: { readonly title: string; readonly version: string }
  readonly parameters: Readonly<Record<string, unknown>>
  readonly securityDefinitions: Readonly<Record<string, Members>>
}

/**
 * A v2 document as gnostic's openapi.v2.Document in protobuf, in pieces.
 * Each path and definition is in a message of its own: readers of protobuf join them.
 */
export function* gnosticPieces(
  { info, parameters, securityDefinitions }: SharedV2,
  paths: Iterable<readonly [string, unknown]>,
  definitions: Iterable<readonly [string, Schema]>,
): Generator<Uint8Array> {
  yield text(1, '2.0')
  yield message(2, Buffer.concat([text(1, info.title), text(2, info.version)]))
  for (const [path, item] of paths) yield message(8, message(2, named(path, pathItem(item as Members))))
  for (const [name, schema] of definitions) yield message(9, message(1, named(name, schemaMessage(schema))))
  for (const [name, p] of Object.entries(parameters)) yield message(10, message(1, named(name, parameter(p as Members))))
  for (const [name, { type, name: header, in: place, description }] of Object.entries(securityDefinitions)) {
    yield message(12, message(1, named(name, Buffer.alloc(0))))
    const key = Buffer.concat([textOr(1, type), textOr(2, header), textOr(3, place), textOr(4, description)])
    yield message(13, message(1, named(name, message(2, key))))
  }
}

const methods: Readonly<Record<string, number>> = { get: 2, put: 3, post: 4, delete: 5, options: 6, head: 7, patch: 8 }

const pathItem = (item: Members): Buffer =>
  Buffer.concat([...operations(methods, item, operation), ...parameters(9, item.parameters)])

const parameters = (field: number, list: unknown): Buffer[] =>
  ((list ?? []) as Members[]).map((p) =>
    message(field, typeof p.$ref === 'string' ? message(2, text(1, p.$ref)) : message(1, parameter(p))),
  )

/** openapi.v2.Parameter: of the body, of the query, or of the path. */
function parameter({ name, in: place, description, required, schema, type, uniqueItems }: Members): Buffer {
  if (place === 'body') {
    const body = [textOr(1, description), textOr(2, name), textOr(3, place), flagOr(4, required)]
    return message(1, Buffer.concat([...body, message(5, schemaMessage(schema as Schema))]))
  }
  const head = [flagOr(1, required), textOr(2, place), textOr(3, description), textOr(4, name)]
  return place === 'path'
    ? message(2, message(4, Buffer.concat([...head, textOr(5, type), flagOr(19, uniqueItems)])))
    : message(2, message(3, Buffer.concat([...head, textOr(6, type), flagOr(20, uniqueItems)])))
}

function operation(o: Members): Buffer {
  const responses = Object.entries(o.responses as Readonly<Record<string, Members>>).map(([status, r]) =>
    message(1, named(status, message(1, response(r)))),
  )
  return Buffer.concat([
    texts(1, o.tags as string[]),
    textOr(3, o.description),
    textOr(5, o.operationId),
    texts(6, o.produces as string[] | undefined),
    texts(7, o.consumes as string[] | undefined),
    ...parameters(8, o.parameters),
    message(9, Buffer.concat(responses)),
    texts(10, o.schemes as string[] | undefined),
    extensions(13, o),
  ])
}

const response = ({ description, schema }: Members): Buffer =>
  Buffer.concat([textOr(1, description), ...(schema ? [message(2, message(1, schemaMessage(schema as Schema)))] : [])])

const textFields: Readonly<Record<string, number>> = { $ref: 1, format: 2, title: 3, description: 4, pattern: 13 }
const numbers: Readonly<Record<string, number>> = { multipleOf: 6, maximum: 7, minimum: 9 }
const counts: Readonly<Record<string, number>> = {
  maxLength: 11,
  minLength: 12,
  maxItems: 14,
  minItems: 15,
  maxProperties: 17,
  minProperties: 18,
}
const flags: Readonly<Record<string, number>> = { exclusiveMaximum: 8, exclusiveMinimum: 10, uniqueItems: 16, readOnly: 27 }

/** openapi.v2.Schema. */
function schemaMessage(schema: Schema): Buffer {
  const parts: Buffer[] = []
  for (const [key, value] of Object.entries(schema)) {
    const part = field(key, value)
    if (part) parts.push(part)
  }
  return Buffer.concat(parts)
}

function field(key: string, value: unknown): Buffer | undefined {
  if (key.startsWith('x-')) return message(31, named(key, any(value)))
  const number = textFields[key]
  if (number !== undefined && typeof value === 'string') return text(number, value)
  if (numbers[key] !== undefined && (typeof value === 'number' || typeof value === 'bigint'))
    return double(numbers[key], Number(value))
  if (counts[key] !== undefined && typeof value === 'number') return integer(counts[key], value)
  if (flags[key] !== undefined && typeof value === 'boolean') return flag(flags[key], value)
  switch (key) {
    case 'default':
      return message(5, any(value))
    case 'required':
      return texts(19, value as string[])
    case 'enum':
      return Buffer.concat((value as unknown[]).map((v) => message(20, any(v))))
    case 'additionalProperties':
      return message(21, typeof value === 'boolean' ? flag(2, value) : message(1, schemaMessage(value as Schema)))
    case 'type':
      return message(22, Buffer.concat([value].flat().map((v) => text(1, String(v)))))
    case 'items':
      return message(23, message(1, schemaMessage(value as Schema)))
    case 'allOf':
      return Buffer.concat((value as Schema[]).map((v) => message(24, schemaMessage(v))))
    case 'properties':
      return message(
        25,
        Buffer.concat(Object.entries(value as Record<string, Schema>).map(([n, s]) => message(1, named(n, schemaMessage(s))))),
      )
    default:
      return undefined
  }
}
