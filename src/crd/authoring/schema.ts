import type { Json, JsonSchema, ValidationRule } from '../schema/json-schema.ts'
import { Draft } from './draft.ts'

/** Whether a field must be given, may be left out, or is filled in by the server when it is left out. */
type Presence = 'required' | 'optional' | 'defaulted'

/** How a value looks. `Out` is what a reader gets, `In` what a writer may give (without what has a default). */
interface Schema<Out, In = Out, P extends Presence = Presence> {
  /** As the definition says it. */
  readonly json: JsonSchema
  readonly presence: P
  /** Never set; carries the types. */
  readonly types?: { readonly out: Out; readonly in: In }
}

// biome-ignore lint/suspicious/noExplicitAny: any schema, whatever its types.
export type AnySchema = Schema<any, any>
/** What a reader gets of a schema: fields with a default are there. */
export type ValueOf<S extends AnySchema> = NonNullable<S['types']>['out']
/** What a writer gives for a schema: fields with a default may be left out. */
export type InputOf<S extends AnySchema> = NonNullable<S['types']>['in']

/** A CEL rule's details besides its expression. */
type RuleOptions = Omit<ValidationRule, 'rule'>

/** What all schemas can be told; each answers a new schema. */
interface Common<Self> {
  describe(description: string): Self
  /** A CEL expression over `self` (and `oldSelf`) that must be true, and what to say when it is not. */
  rule(expression: string, message: string | RuleOptions): Self
}

interface Scalar<Self> extends Common<Self> {
  enum(...values: readonly Json[]): Self
}

interface TextSchema<T extends string = string, P extends Presence = 'required'>
  extends Schema<T, T, P>,
    Common<TextSchema<T, P>> {
  minLength(n: number): TextSchema<T, P>
  maxLength(n: number): TextSchema<T, P>
  pattern(regex: RegExp | string): TextSchema<T, P>
  format(name: string): TextSchema<T, P>
  enum<const V extends readonly string[]>(...values: V): TextSchema<V[number], P>
  optional(): TextSchema<T, 'optional'>
  default(value: T): TextSchema<T, 'defaulted'>
  nullable(): Schema<T | null, T | null, P>
}

interface NumberSchema<P extends Presence = 'required'> extends Schema<number, number, P>, Scalar<NumberSchema<P>> {
  min(n: number): NumberSchema<P>
  max(n: number): NumberSchema<P>
  multipleOf(n: number): NumberSchema<P>
  format(name: 'int32' | 'int64' | 'float' | 'double'): NumberSchema<P>
  optional(): NumberSchema<'optional'>
  default(value: number): NumberSchema<'defaulted'>
  nullable(): Schema<number | null, number | null, P>
}

/** A schema without options of its own. */
interface PlainSchema<Out, In = Out, P extends Presence = 'required'>
  extends Schema<Out, In, P>,
    Common<PlainSchema<Out, In, P>> {
  optional(): PlainSchema<Out, In, 'optional'>
  default(value: In): PlainSchema<Out, In, 'defaulted'>
  nullable(): Schema<Out | null, In | null, P>
}

interface ListSchema<Out, In = Out, P extends Presence = 'required'>
  extends Schema<Out[], readonly In[], P>,
    Common<ListSchema<Out, In, P>> {
  minItems(n: number): ListSchema<Out, In, P>
  maxItems(n: number): ListSchema<Out, In, P>
  /** Items are unique, and their order does not count. */
  set(): ListSchema<Out, In, P>
  /** Items are known by these fields: server-side apply merges them one by one. */
  mapBy(...keys: readonly (keyof In & string)[]): ListSchema<Out, In, P>
  optional(): ListSchema<Out, In, 'optional'>
  default(value: readonly In[]): ListSchema<Out, In, 'defaulted'>
}

interface MapSchema<Out, In = Out, P extends Presence = 'required'>
  extends Schema<Record<string, Out>, Readonly<Record<string, In>>, P>,
    Common<MapSchema<Out, In, P>> {
  maxProperties(n: number): MapSchema<Out, In, P>
  optional(): MapSchema<Out, In, 'optional'>
  default(value: Readonly<Record<string, In>>): MapSchema<Out, In, 'defaulted'>
}

interface ObjectSchema<Out, In = Out, P extends Presence = 'required'>
  extends Schema<Out, In, P>,
    Common<ObjectSchema<Out, In, P>> {
  /** Keeps fields that are not declared; without it the server prunes them. */
  open(): ObjectSchema<Out & Record<string, unknown>, In & Readonly<Record<string, unknown>>, P>
  optional(): ObjectSchema<Out, In, 'optional'>
  default(value: In): ObjectSchema<Out, In, 'defaulted'>
  nullable(): Schema<Out | null, In | null, P>
}

type Properties = Readonly<Record<string, AnySchema>>
type Named<T extends Properties, P extends Presence> = {
  [K in keyof T]: T[K]['presence'] extends P ? K : never
}[keyof T]
type Flat<T> = { [K in keyof T]: T[K] }
/** A field that may be left out may also be given as undefined: it is left out of JSON. */
type OutOf<T extends Properties> = Flat<
  { [K in Named<T, 'required' | 'defaulted'>]: ValueOf<T[K]> } & { [K in Named<T, 'optional'>]?: ValueOf<T[K]> | undefined }
>
type InOf<T extends Properties> = Flat<
  { readonly [K in Named<T, 'required'>]: InputOf<T[K]> } & {
    readonly [K in Named<T, 'optional' | 'defaulted'>]?: InputOf<T[K]> | undefined
  }
>

/** A status condition, as `schema.conditions()` types it. */
export interface ConditionValue {
  type: string
  status: 'True' | 'False' | 'Unknown'
  reason: string
  message: string
  lastTransitionTime: string
  observedGeneration?: number
}

// The interfaces above say which of a draft's methods make sense for which type: here they are trusted.
const draft = (json: JsonSchema): never => new Draft(json, 'required') as never

function object<const T extends Properties>(properties: T): ObjectSchema<OutOf<T>, InOf<T>> {
  const required = Object.keys(properties).filter((name) => properties[name]?.presence === 'required')
  return draft({
    type: 'object',
    ...(required.length > 0 ? { required } : {}),
    properties: Object.fromEntries(Object.entries(properties).map(([name, part]) => [name, part.json])),
  })
}

/** The schemas to build a kind of. Everything else is said by chaining: `schema.integer().min(1).default(1)`. */
export const schema = {
  object,
  string: (): TextSchema => draft({ type: 'string' }),
  /** One of these texts. */
  enum: <const V extends readonly string[]>(...values: V): TextSchema<V[number]> => draft({ type: 'string', enum: values }),
  integer: (): NumberSchema => draft({ type: 'integer' }),
  number: (): NumberSchema => draft({ type: 'number' }),
  boolean: (): PlainSchema<boolean> => draft({ type: 'boolean' }),
  array: <S extends AnySchema>(items: S): ListSchema<ValueOf<S>, InputOf<S>> => draft({ type: 'array', items: items.json }),
  /** Any text to values of one schema, such as labels. */
  map: <S extends AnySchema>(values: S): MapSchema<ValueOf<S>, InputOf<S>> =>
    draft({ type: 'object', additionalProperties: values.json }),
  intOrString: (): PlainSchema<number | string> => draft({ 'x-kubernetes-int-or-string': true }),
  /** An amount, such as `500m` or `10Gi`. */
  quantity: (): PlainSchema<number | string> =>
    draft({
      'x-kubernetes-int-or-string': true,
      anyOf: [{ type: 'integer' }, { type: 'string' }],
      pattern: '^[+-]?([0-9]+|[0-9]+\\.[0-9]*|\\.[0-9]+)(([KMGTPE]i)|[numkMGTPE]|([eE][+-]?[0-9]+))?$',
    }),
  /** RFC 3339. */
  timestamp: (): TextSchema => draft({ type: 'string', format: 'date-time' }),
  /** Such as `1h30m`; CEL rules see a duration. */
  duration: (): TextSchema => draft({ type: 'string', format: 'duration' }),
  /** Anything, kept as it is. `T` is believed. */
  any: <T = unknown>(): PlainSchema<T> => draft({ 'x-kubernetes-preserve-unknown-fields': true }),
  /** An object that nobody checks, such as a part of a built-in kind. `T` is believed. */
  anyObject: <T = Record<string, unknown>>(): PlainSchema<T> =>
    draft({ type: 'object', 'x-kubernetes-preserve-unknown-fields': true }),
  /** A whole Kubernetes object: apiVersion, kind and metadata are checked. */
  embedded: <T = Record<string, unknown>>(): PlainSchema<T> =>
    draft({ type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true }),
  /** The conditions of a status, known by their type. */
  conditions: (): ListSchema<ConditionValue, ConditionValue, 'optional'> => conditions() as never,
}

function conditions(): unknown {
  const item = object({
    type: schema.string().maxLength(316),
    status: schema.enum('True', 'False', 'Unknown'),
    reason: schema.string().maxLength(1024),
    message: schema.string().maxLength(32768),
    lastTransitionTime: schema.timestamp(),
    observedGeneration: schema.integer().format('int64').min(0).optional(),
  })
  return schema.array(item).mapBy('type').optional()
}
