import { jsonText, parseJson } from '../../apimachinery/json.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import { internalError, StatusError } from '../../apimachinery/status.ts'
import type { Steps } from '../../apimachinery/steps.ts'
import { mediaType, unsupported } from '../negotiation/content.ts'
import { attemptPatched, type ParsedPatch, type Patched, parsePatch, patchBuiltIn, settleStrict } from '../patch/patched.ts'
import { typedValue } from '../patch/written.ts'
import { customTypeError } from '../pipeline/body.ts'
import type { Answer, Call } from '../pipeline/call.ts'
import { type WriteOptions, writeOptions } from '../pipeline/options.ts'
import { readYaml } from '../pipeline/read-yaml.ts'
import { breath, mayTakeLong, paced } from '../pipeline/readable.ts'
import type { ObjectRules } from '../registry/rules.ts'
import type { ApiRequest } from '../request.ts'
import { type Decoded, textAhead } from '../schema/decode.ts'
import { markFloats } from '../schema/whole-floats.ts'
import { thawObject, thawObjectSteps } from '../watch/freeze.ts'
import { textOf } from '../watch/stored.ts'
import { apply } from './apply.ts'
import { settleNamespace } from './create.ts'
import { defaulted } from './defaulted.ts'
import { managerOf, trackedInTurns } from './managed-fields.ts'
import { checkName } from './update.ts'
import { updateObject } from './update-object.ts'

const patchTypes = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
} as const

/** PATCH of an object or of a subresource that has the object's own kind. */
export async function patch(call: Call, subresource = ''): Promise<Answer> {
  const { request, info } = call
  const type = patchTypeOf(call, mediaType(request.headers['content-type']))
  if (type === 'apply') return apply(call, subresource)
  const options = writeOptions(request.query, 'PatchOptions')
  tellPatch(call)
  // It is read when there is something to patch: what is not found is told first.
  let change: ParsedPatch | undefined
  const manager = managerOf(call, options)
  const stored = await updateObject(call, {
    name: info.name,
    subresource,
    options,
    tries: 5,
    produce: async (live) => {
      if (!change) {
        change = parsePatch(type, patchText(request), options.fieldValidation)
        await breath(call.bulk)
      }
      const next = await paced(call.bulk, patched(call, live, change, options))
      return trackedInTurns(call, live, next, manager, subresource)
    },
  })
  return { kind: 'stored', status: 200, stored }
}

/** Audit shows a patch as it was sent. */
export function tellPatch({ trail, request: { body } }: Call): void {
  trail?.patches(() => {
    if (!(body instanceof Uint8Array)) return body && jsonText(body)
    const text = textAhead(body) ?? textOf(body)
    return attempt(() => parseJson(text)) ?? attempt(() => readYaml(text))
  })
}

function attempt(read: () => unknown): string | undefined {
  try {
    return jsonText(read())
  } catch {
    return undefined
  }
}

/** Throws 415 naming what is accepted. */
export function patchTypeOf({ resource }: Pick<Call, 'resource'>, type: string): (typeof patchTypes)[keyof typeof patchTypes] {
  const found = Object.hasOwn(patchTypes, type) ? patchTypes[type as keyof typeof patchTypes] : undefined
  if (found && !(resource.isCustom && found === 'strategic')) return found
  if (!resource.isCustom) throw new StatusError(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {})
  throw unsupported(Object.keys(patchTypes).filter((t) => !(resource.isCustom && t.includes('strategic'))))
}

export function patchText({ body }: ApiRequest): string {
  if (body === undefined) return ''
  return body instanceof Uint8Array ? (textAhead(body) ?? textOf(body)) : jsonText(body)
}

/** The live object after the patch: decoded, defaulted, still what it was by kind, name and namespace. */
function* patched(call: Call, live: KubeObject, change: ParsedPatch, options: WriteOptions): Steps<KubeObject> {
  const { resource, info } = call
  const own = mayTakeLong(call.bulk) ? yield* thawObjectSteps(live) : thawObject(live)
  const { value, warnings } = yield* read(call, change, own as unknown as Record<string, unknown>, options)
  for (const w of warnings) call.warnings.add(w)
  const { apiVersion = '', kind = '' } = value as { apiVersion?: string; kind?: string }
  if (resource.isCustom) {
    if (!apiVersion) throw internalError("Object 'apiVersion' is missing in 'object has no apiVersion field'")
    const mistyped = customTypeError(resource, { apiVersion, kind }, info.name)
    if (mistyped) throw mistyped
  }
  const object = value as unknown as KubeObject
  settleNamespace(object, resource, info.namespace)
  checkName(object, info.name)
  yield
  return yield* defaulted(call, object)
}

function* read(call: Call, change: ParsedPatch, live: Record<string, unknown>, options: WriteOptions): Steps<Patched> {
  const { rules } = call.resource
  if (rules.type) return yield* patchBuiltIn(rules.type, change, live, options.fieldValidation, mayTakeLong(call.bulk))
  const result = yield* change.applyTo(undefined, live)
  const { value, strictErrors } = yield* attemptPatched(change, result, decoded(rules, change, result))
  return { value, warnings: yield* settleStrict(change, result, strictErrors, options.fieldValidation) }
}

/** A custom object that a patch made. */
function* decoded(rules: ObjectRules, { isWritten }: ParsedPatch, result: unknown): Steps<Decoded> {
  if (!isWritten) return yield* rules.decodePatched(result)
  const { value, isTyped } = yield* typedValue(result)
  if (isTyped) markFloats(value as object)
  return yield* rules.decodePatched(value)
}
