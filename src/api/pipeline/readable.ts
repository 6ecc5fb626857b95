import { setImmediate } from 'node:timers/promises'
import type { KubeObject } from '../../apimachinery/object.ts'
import { badRequest } from '../../apimachinery/status.ts'
import { inTurns, promptly, type Steps } from '../../apimachinery/steps.ts'
import { mediaType } from '../negotiation/content.ts'
import type { GroupVersionKind } from '../registry/served.ts'
import type { ApiRequest } from '../request.ts'
import { isPlainAhead, parseAhead } from '../schema/decode.ts'
import { type Stored, textOf } from '../watch/stored.ts'
import { largeBytes, readableJson } from './body-shape.ts'
import type { Bulk } from './call.ts'
import { unrecognized } from './unrecognized.ts'
import { UnreadableYaml, yamlToJson } from './yaml-thread.ts'

/** What is done to smaller objects is done before anyone would wait long, whatever is in them. */
const longBytes = 16 * 1024

/** YAML up to this is read at once, whatever is in it. */
const quickYaml = 2 * 1024

/**
 * The request with a body that can be read without holding up others: large YAML has become JSON, elsewhere; JSON that goes too deep is cut.
 * Throws 413 and 400 for bodies made to take long.
 */
export async function readable(request: ApiRequest, resource: GroupVersionKind): Promise<ApiRequest> {
  const { body, headers } = request
  if (!(body instanceof Uint8Array) || body.length <= quickYaml) return request
  const type = mediaType(headers['content-type'])
  if (type.endsWith('protobuf')) return request
  if (!type.endsWith('yaml')) return body.length < largeBytes ? request : { ...request, body: await parsedAhead(body) }
  // What clients send as YAML is JSON, mostly.
  if (body[0] === openingBrace) {
    const json = await parsedAhead(body)
    if (isPlainAhead(json) || isJson(json)) return { ...request, body: json }
  }
  const isPatch = type.includes('patch')
  const { json, duplicates } = await yamlToJson(textOf(body)).catch((error: unknown) => {
    if (!(error instanceof UnreadableYaml)) throw error
    if (isPatch) throw badRequest(`error decoding YAML: error converting YAML to JSON: ${error.message}`)
    throw unrecognized(resource, error.message, body)
  })
  const asJson = isPatch ? headers : { ...headers, 'content-type': 'application/json' }
  return { ...request, body: await parsedAhead(json), headers: asJson, duplicates }
}

const openingBrace = 0x7b

/** JSON as it may be read; whoever reads it finds it parsed. */
async function parsedAhead(body: Uint8Array): Promise<Uint8Array> {
  const json = readableJson(body)
  await parseAhead(json, textOf(json))
  if (body.length >= largeBytes) await setImmediate()
  return json
}

/** Whether JSON that is not plain is JSON at all. */
function isJson(body: Uint8Array): boolean {
  try {
    JSON.parse(textOf(body))
    return true
  } catch (error) {
    if (error instanceof SyntaxError) return false
    throw error
  }
}

export const bulkOf = ({ body }: ApiRequest): Bulk => ({ bytes: body instanceof Uint8Array ? body.length : 0 })

/** Whether a request is worth being done in turns: what one can hold is done before anyone else would wait long. */
export const mayTakeLong = ({ bytes }: Bulk): boolean => bytes >= longBytes

/** Does `steps` in turns of the event loop when the request may take long; what is small and waits for nobody is there at once. */
export const paced = <T>(bulk: Bulk, steps: Steps<T>): T | Promise<T> => (mayTakeLong(bulk) ? inTurns(steps) : promptly(steps))

/** Lets others have a turn between the parts of a large request. */
export function breath(bulk: Bulk): Promise<void> | undefined {
  return mayTakeLong(bulk) ? setImmediate() : undefined
}

/** The object of `stored`, which the request works on from now on: a small change of a large object is as much work as a large one. */
export function readStored(bulk: Bulk, stored: Stored): KubeObject | Promise<KubeObject> {
  bulk.bytes = Math.max(bulk.bytes, stored.bytes.length)
  return stored.bytes.length < longBytes ? stored.object : inTurns(stored.read())
}
