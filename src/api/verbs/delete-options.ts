import { invalid, invalidObject, notSupported } from '../../apimachinery/field-error.ts'
import { int64 } from '../../apimachinery/json.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import { badRequest, StatusError } from '../../apimachinery/status.ts'
import { isProtobuf } from '../encoding/protobuf.ts'
import { readBody } from '../pipeline/body.ts'
import type { Call } from '../pipeline/call.ts'
import { dryRunErrors } from '../pipeline/options.ts'
import { decodeProtobuf } from '../pipeline/protobuf.ts'
import { isTrue } from '../pipeline/request-info.ts'
import { builtInRules, type ObjectRules } from '../registry/rules.ts'
import { typeOf } from '../schema/types.ts'

export interface DeleteOptions {
  readonly gracePeriodSeconds: number | undefined
  readonly propagationPolicy: 'Background' | 'Foreground' | 'Orphan' | undefined
  readonly orphanDependents: boolean | undefined
  readonly preconditions: { readonly uid?: string; readonly resourceVersion?: string }
  readonly dryRun: boolean
  readonly raw: Readonly<Record<string, unknown>>
}

const policies = ['Foreground', 'Background', 'Orphan']

export type SentDeleteOptions = {
  gracePeriodSeconds?: number
  propagationPolicy?: string
  orphanDependents?: boolean
  preconditions?: { uid?: string; resourceVersion?: string }
  dryRun?: string[]
  ignoreStoreReadErrorWithClusterBreakingPotential?: boolean
}

/** metav1.DeleteOptions of the body or else of the query. Throws 400 and 422. */
export async function deleteOptions(call: Call): Promise<DeleteOptions> {
  const sent = await bodyOf(call)
  if (sent) call.trail?.asks({ kind: 'DeleteOptions', apiVersion: 'meta.k8s.io/__internal', ...sent } as object as KubeObject)
  return checkedDeleteOptions(sent ?? fromQuery(call.request.query))
}

/** Throws 422. */
export function checkedDeleteOptions(sent: SentDeleteOptions): DeleteOptions {
  const errors = [...dryRunErrors(sent.dryRun ?? [])]
  const { propagationPolicy: policy, orphanDependents } = sent
  if (policy !== undefined && orphanDependents !== undefined) {
    errors.push(invalid('propagationPolicy', policy, 'orphanDependents and deletionPropagation cannot be both set'))
  }
  if (policy !== undefined && !policies.includes(policy)) {
    errors.push(notSupported('propagationPolicy', policy, [...policies, 'nil']))
  }
  if (errors.length > 0) throw invalidObject({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', errors)
  return {
    gracePeriodSeconds:
      sent.gracePeriodSeconds === undefined ? undefined : sent.gracePeriodSeconds < 0 ? 1 : sent.gracePeriodSeconds,
    propagationPolicy: policy as DeleteOptions['propagationPolicy'],
    orphanDependents,
    preconditions: sent.preconditions ?? {},
    dryRun: (sent.dryRun ?? []).length > 0,
    raw: { kind: 'DeleteOptions', apiVersion: 'meta.k8s.io/v1', ...sent },
  }
}

async function bodyOf(call: Call): Promise<SentDeleteOptions | undefined> {
  const { body } = call.request
  if (body === undefined || (body instanceof Uint8Array && body.length === 0)) return undefined
  const type = typeOf('', 'v1', 'DeleteOptions')
  if (!type) throw new Error('DeleteOptions is not among the types')
  if (body instanceof Uint8Array && isProtobuf(body)) {
    // Any group's version may be named, as client-go does: every version has the kind.
    const {
      kind: _,
      apiVersion: __,
      ...sent
    } = decodeProtobuf(body, { group: '', version: 'v1', kind: 'DeleteOptions' }).decoded.value
    return sent as SentDeleteOptions
  }
  const object = await readOptions(
    call,
    builtInRules(() => type),
  )
  const { kind: _, apiVersion: __, metadata: ___, ...sent } = object as unknown as Record<string, unknown>
  return sent as SentDeleteOptions
}

const optionsKind = { group: '', version: 'v1', kind: 'DeleteOptions' }

const wrapped =
  /^(?:(.*) in version ".*" cannot be handled as a|the object provided is unrecognized \(must be of type) DeleteOptions\)?: /

/** The decoder of options belongs to no group, and its errors are told as they are, without what they were to become. */
async function readOptions(call: Call, rules: ObjectRules): Promise<KubeObject> {
  const { body } = call.request
  const version = body instanceof Uint8Array ? (named.exec(Buffer.from(body).toString('utf8'))?.[1] ?? '') : ''
  const checkVersion = () => {
    if (version.split('/').length > 2) throw badRequest(`unexpected GroupVersion string: ${version}`)
  }
  try {
    const { object } = await readBody(asDeleteOptions(call), optionsKind, rules, 'Ignore')
    checkVersion()
    return object
  } catch (e) {
    const found = e instanceof StatusError ? wrapped.exec(e.message) : undefined
    if (!found) throw e
    const why = (e as StatusError).message.slice(found[0].length)
    const kind = found[1]
    if (kind === undefined) throw badRequest(why.slice(0, why.lastIndexOf(' (')))
    checkVersion()
    if (kind === optionsKind.kind) throw badRequest(why)
    const shown = version || 'meta.k8s.io/v1'
    throw badRequest(`no kind "${kind}" is registered for version "${shown}" in scheme "pkg/runtime/scheme.go:111"`)
  }
}

const named = /"apiVersion"\s*:\s*"([^"]*)"/

/** DeleteOptions may name any group's version, as client-go does: every version has the kind. */
function asDeleteOptions(call: Call): Call['request'] {
  const { body } = call.request
  if (body instanceof Uint8Array || body === undefined) {
    const text = body ? Buffer.from(body).toString('utf8') : ''
    const rewritten = text.replace(named, '"apiVersion":"v1"')
    return rewritten === text ? call.request : { ...call.request, body: Buffer.from(rewritten) }
  }
  return { ...call.request, body: { ...body, apiVersion: 'v1' } }
}

/** An int64, which may be a bigint. */
function graceSeconds(text: string): number {
  const value = int64(BigInt(text.replace('+', '')))
  if (value === undefined) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`)
  return value as number
}

function fromQuery(query: URLSearchParams): SentDeleteOptions {
  const grace = query.get('gracePeriodSeconds')
  if (grace !== null && !/^[+-]?\d+$/.test(grace))
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(grace)}: invalid syntax`)
  const policy = query.get('propagationPolicy')
  const orphan = query.get('orphanDependents')
  const dryRun = query.getAll('dryRun')
  return {
    ...(grace === null ? {} : { gracePeriodSeconds: graceSeconds(grace) }),
    ...(policy === null ? {} : { propagationPolicy: policy }),
    ...(orphan === null ? {} : { orphanDependents: isTrue(orphan) }),
    ...(dryRun.length === 0 ? {} : { dryRun }),
  }
}
