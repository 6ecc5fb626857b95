import type { PartsV3 } from './documents.ts'
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
type Objects = Readonly<Record<string, Members>>

/** A v3 document as gnostic's openapi.v3.Document in protobuf, in pieces. */
export function* gnosticV3Pieces({ openapi, info, paths, schemas, securitySchemes }: PartsV3): Generator<Uint8Array> {
  yield text(1, openapi)
  yield message(2, Buffer.concat([text(1, info.title), text(6, info.version)]))
  yield message(4, Buffer.alloc(0))
  for (const [path, item] of paths) yield message(4, message(1, named(path, pathItem(item as Members))))
  yield message(5, Buffer.alloc(0))
  for (const [name, schema] of schemas) {
    yield message(5, message(1, message(1, named(name, orReference(schema as Members, schemaMessage)))))
  }
  for (const [name, { type, description, name: header, in: place }] of Object.entries(securitySchemes)) {
    const value = Buffer.concat([textOr(1, type), textOr(2, description), textOr(3, header), textOr(4, place)])
    yield message(5, message(7, message(1, named(name, message(1, value)))))
  }
}

/** The messages …OrReference: field 1 is the thing itself, 2 a reference. */
function orReference(value: Members, write: (value: Members) => Buffer): Buffer {
  return typeof value.$ref === 'string' ? message(2, text(1, value.$ref)) : message(1, write(value))
}

const methods: Readonly<Record<string, number>> = { get: 4, put: 5, post: 6, delete: 7, options: 8, head: 9, patch: 10 }

const pathItem = (item: Members): Buffer =>
  Buffer.concat([...operations(methods, item, operation), ...parameters(13, item.parameters)])

const parameters = (field: number, list: unknown): Buffer[] =>
  ((list ?? []) as Members[]).map((p) => message(field, orReference(p, parameter)))

function parameter({ name, in: place, description, required, schema }: Members): Buffer {
  return Buffer.concat([
    textOr(1, name),
    textOr(2, place),
    textOr(3, description),
    flagOr(4, required),
    message(10, orReference(schema as Members, schemaMessage)),
  ])
}

function operation(o: Members): Buffer {
  const body = o.requestBody as Members | undefined
  const responses = Object.entries(o.responses as Objects).map(([status, r]) =>
    message(2, named(status, orReference(r, response))),
  )
  return Buffer.concat([
    texts(1, o.tags as string[]),
    textOr(3, o.description),
    textOr(5, o.operationId),
    ...parameters(6, o.parameters),
    ...(body ? [message(7, orReference(body, requestBody))] : []),
    message(8, Buffer.concat(responses)),
    extensions(13, o),
  ])
}

const requestBody = ({ content, required }: Members): Buffer =>
  Buffer.concat([message(2, mediaTypes(content)), flagOr(3, required)])

const response = ({ description, content }: Members): Buffer =>
  Buffer.concat([textOr(1, description), ...(content ? [message(3, mediaTypes(content))] : [])])

function mediaTypes(content: unknown): Buffer {
  const types = Object.entries(content as Readonly<Record<string, { readonly schema: Members }>>)
  return Buffer.concat(types.map(([type, { schema }]) => message(1, named(type, message(1, orReference(schema, schemaMessage))))))
}

const textFields: Readonly<Record<string, number>> = { title: 9, pattern: 17, type: 25, description: 34, format: 35 }
const flagFields: Readonly<Record<string, number>> = { nullable: 1, exclusiveMaximum: 12, exclusiveMinimum: 14, uniqueItems: 20 }
const numberFields: Readonly<Record<string, number>> = { multipleOf: 10, maximum: 11, minimum: 13 }
const countFields: Readonly<Record<string, number>> = {
  maxLength: 15,
  minLength: 16,
  maxItems: 18,
  minItems: 19,
  maxProperties: 21,
  minProperties: 22,
}
const listFields: Readonly<Record<string, number>> = { allOf: 26, oneOf: 27, anyOf: 28 }

/** openapi.v3.Schema. */
function schemaMessage(schema: Members): Buffer {
  return Buffer.concat([...Object.entries(schema).map(([key, value]) => schemaField(key, value)), extensions(36, schema)])
}

const nothing = Buffer.alloc(0)

function schemaField(key: string, value: unknown): Buffer {
  const one = (schema: unknown): Buffer => orReference(schema as Members, schemaMessage)
  if (textFields[key] !== undefined) return textOr(textFields[key], value)
  if (flagFields[key] !== undefined) return flagOr(flagFields[key], value)
  if (numberFields[key] !== undefined) return double(numberFields[key], Number(value))
  if (countFields[key] !== undefined) return integer(countFields[key], Number(value))
  const list = listFields[key]
  if (list !== undefined) return Buffer.concat((value as unknown[]).map((v) => message(list, one(v))))
  switch (key) {
    case 'required':
      return texts(23, value as string[])
    case 'enum':
      return Buffer.concat((value as unknown[]).map((v) => message(24, any(v))))
    case 'not':
      return message(29, schemaMessage(value as Members))
    case 'items':
      return message(30, message(1, one(value)))
    case 'properties':
      return message(31, Buffer.concat(Object.entries(value as Objects).map(([name, p]) => message(1, named(name, one(p))))))
    case 'additionalProperties':
      return message(32, typeof value === 'boolean' ? flag(2, value) : message(1, one(value)))
    case 'default':
      return defaultField(value)
    default:
      return nothing
  }
}

/** Numbers, flags and texts; of other defaults gnostic says only that there is one. */
function defaultField(value: unknown): Buffer {
  switch (typeof value) {
    case 'number':
    case 'bigint':
      return message(33, double(1, Number(value)))
    case 'boolean':
      return message(33, flag(2, value))
    case 'string':
      return message(33, text(3, value))
    default:
      return message(33, nothing)
  }
}
