import { type FieldError, invalid, invalidObject } from '../../apimachinery/field-error.ts'
import { quote } from '../../apimachinery/go-quote.ts'
import type { LabelSelector } from '../../apimachinery/kinds.generated.ts'
import type { KubeObject, ManagedFieldsEntry } from '../../apimachinery/object.ts'
import { apiVersionOf } from '../../apimachinery/resource.ts'
import { badRequest, conflict, internalError, unforeseen } from '../../apimachinery/status.ts'
import { atOnce } from '../../apimachinery/steps.ts'
import type { ScaleSubresource } from '../../crd/definition/definition.ts'
import { scaleOf as customScaleOf } from '../../crd/definition/scale.ts'
import type { JsonObject } from '../../crd/schema/json-schema.ts'
import type { AdmissionRequest } from '../admission/admission.ts'
import { type AppliedKind, builtInKind } from '../apply/applied-kind.ts'
import { applyConfiguration, trackUpdate } from '../apply/field-manager.ts'
import { entriesAfterScale, scaleEntries } from '../apply/scale.ts'
import { mediaType } from '../negotiation/content.ts'
import { parsePatch, patchBuiltIn } from '../patch/patched.ts'
import { readBody } from '../pipeline/body.ts'
import type { Answer, Call } from '../pipeline/call.ts'
import { type WriteOptions, writeOptions } from '../pipeline/options.ts'
import { builtInRules } from '../registry/rules.ts'
import { type StructType, typeOf } from '../schema/types.ts'
import { readConfig, tellDuplicates } from '../verbs/apply.ts'
import { managerOf } from '../verbs/managed-fields.ts'
import { patchText, patchTypeOf, tellPatch } from '../verbs/patch.ts'
import { checkName } from '../verbs/update.ts'
import { liveObject, updateObject } from '../verbs/update-object.ts'
import { viewAs } from '../verbs/view.ts'
import { admissionRequest, admitMutating } from '../verbs/write.ts'
import { thaw } from '../watch/freeze.ts'
import type { Stored } from '../watch/stored.ts'
import { scaleTable } from './scale-table.ts'
import { selectorString } from './selector-string.ts'

const scaleKind = { group: 'autoscaling', version: 'v1', kind: 'Scale' } as const

export interface Scale extends KubeObject {
  spec?: { replicas?: number }
  status?: { replicas: number; selector?: string }
}

/** Where a kind keeps what its Scale shows. */
export interface ScalePaths {
  replicas(object: KubeObject): number
  setReplicas(object: KubeObject, replicas: number): void
  statusReplicas(object: KubeObject): number
  selector(object: KubeObject): string
  /** Where the definition of a custom kind says they are. */
  readonly custom?: ScaleSubresource
  /** The field path of the replicas at each version, for managedFields. */
  readonly fields: ReadonlyMap<string, string[]>
}

interface Scalable extends KubeObject {
  spec: { replicas?: number; selector?: LabelSelector | Record<string, string> }
  status?: { replicas?: number }
}

/** Deployments, replica sets, stateful sets and replication controllers. */
function builtInPaths(apiVersion: string): ScalePaths {
  const isPlain = apiVersion === 'v1'
  const of = (o: KubeObject): Scalable => o as Scalable
  return {
    replicas: (o) => of(o).spec.replicas ?? 0,
    setReplicas: (o, n) => {
      of(o).spec.replicas = n
    },
    statusReplicas: (o) => of(o).status?.replicas ?? 0,
    selector: (o) => {
      const { selector } = of(o).spec
      if (!selector) return ''
      return selectorString(isPlain ? { matchLabels: selector as Record<string, string> } : (selector as LabelSelector))
    },
    fields: new Map([[apiVersion, ['f:spec', 'f:replicas']]]),
  }
}

function pathsOf(call: Call): ScalePaths {
  return call.resource.scale ?? builtInPaths(apiVersionOf(call.resource))
}

function scaleType(): StructType {
  const type = typeOf('autoscaling', 'v1', 'Scale')
  if (!type) throw new Error('Scale is not among the types')
  return type
}

let applied: AppliedKind | undefined
const appliedScale = (): AppliedKind => {
  applied ??= builtInKind('autoscaling', 'v1', 'Scale')
  return applied
}

/** The Scale that an object shows. */
function scaleOf(object: KubeObject, paths: ScalePaths): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata
  const replicas = paths.replicas(object)
  const selector = paths.selector(object)
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: {
      ...(name ? { name } : {}),
      ...(namespace ? { namespace } : {}),
      ...(uid ? { uid } : {}),
      ...(resourceVersion ? { resourceVersion } : {}),
      ...(creationTimestamp ? { creationTimestamp } : {}),
    },
    spec: replicas === 0 ? {} : { replicas },
    status: { replicas: paths.statusReplicas(object), ...(selector ? { selector } : {}) },
  }
}

async function answer(call: Call, stored: Stored, paths: ScalePaths): Promise<Answer> {
  const { object } = await viewAs(call.resource, stored)
  const scale = scaleOf({ ...object, metadata: { ...object.metadata, resourceVersion: String(stored.revision) } }, paths)
  return { kind: 'object', status: 200, object: scale, gvk: scaleKind, table: scaleTable(call, scale) }
}

export async function getScale(call: Call): Promise<Answer> {
  const paths = pathsOf(call)
  const stored = liveObject(call, call.info.name)
  const { custom } = paths
  if (custom && !(await hasReplicas(call, stored, custom))) {
    throw internalError(`the spec replicas field ${quote(custom.specReplicasPath ?? '')} does not exist`)
  }
  return answer(call, stored, paths)
}

async function hasReplicas(call: Call, stored: Stored, scale: ScaleSubresource): Promise<boolean> {
  const { object } = await viewAs(call.resource, stored)
  return customScaleOf(object as unknown as JsonObject, scale).specReplicas !== undefined
}

/** PUT of a Scale. */
export async function updateScale(call: Call): Promise<Answer> {
  const { request, warnings } = call
  const options = writeOptions(request.query, 'UpdateOptions')
  const body = await readBody(request, scaleKind, builtInRules(scaleType), options.fieldValidation)
  for (const w of body.warnings) warnings.add(w)
  const { object } = body
  call.trail?.asks(builtInRules(scaleType).canonical(object))
  checkPlace(call, object)
  return write(call, options, () => object as Scale, managerOf(call, options), true)
}

/** A Scale is of the object that the request names. Throws 400. */
function checkPlace({ info }: Call, object: KubeObject): void {
  const { namespace } = object.metadata
  if (namespace && namespace !== info.namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  }
  checkName(object, info.name)
}

/** PATCH of a Scale: any patch type, or apply. */
export async function patchScale(call: Call): Promise<Answer> {
  const { request } = call
  const type = patchTypeOf(call, mediaType(request.headers['content-type']))
  if (type === 'apply') return applyScale(call)
  const options = writeOptions(request.query, 'PatchOptions')
  tellPatch(call)
  const produce = (old: Scale): Scale => {
    // It is read when there is something to patch: what is not found is told first.
    const change = parsePatch(type, patchText(request), options.fieldValidation)
    const document = thaw(old) as unknown as Record<string, unknown>
    const { value, warnings } = atOnce(patchBuiltIn(scaleType(), change, document, options.fieldValidation))
    for (const w of warnings) call.warnings.add(w)
    const scale = value as unknown as Scale
    checkPlace(call, scale as KubeObject)
    return scale
  }
  return write(call, options, produce, managerOf(call, options))
}

/** kube-apiserver cannot convert the Scale of a custom object, which it does where nobody owns anything of it yet. */
const inconvertible =
  'failed to create manager for existing fields: failed to convert live object (/; autoscaling/v1, Kind=Scale) to proper version: ' +
  'request to convert CR to an invalid group/version: autoscaling/v1'

async function applyScale(call: Call): Promise<Answer> {
  const options = writeOptions(call.request.query, 'PatchOptions', true)
  tellPatch(call)
  const { config, twice } = readConfig(call)
  const now = new Date(call.core.clock.now())
  const requester = { manager: options.fieldManager, subresource: 'scale', force: options.force === true, now }
  const produce = (old: Scale): Scale => {
    if (call.resource.isCustom && !old.metadata.managedFields) throw unforeseen(inconvertible)
    const applied = applyConfiguration(appliedScale(), old as never, config as never, requester) as unknown as Scale
    tellDuplicates(call, options, twice)
    checkPlace(call, applied as KubeObject)
    return applied
  }
  return write(call, options, produce, undefined)
}

async function write(
  call: Call,
  options: WriteOptions,
  produce: (old: Scale) => Scale,
  manager: string | undefined,
  checksUid = false,
): Promise<Answer> {
  const paths = pathsOf(call)
  let admission: AdmissionRequest | undefined
  const admit = async (object: Scale, old: Scale): Promise<void> => {
    admission = admissionRequest(call, {
      operation: 'UPDATE',
      subresource: 'scale',
      name: call.info.name,
      object,
      old,
      options,
      gvk: scaleKind,
    })
    await admitMutating(call, admission)
  }
  const stored = await updateObject(call, {
    name: call.info.name,
    subresource: 'scale',
    options,
    tries: 5,
    isApply: manager === undefined,
    // What validates it sees the scale that the object has then.
    admittedAs: (object) => {
      if (!admission) throw new Error('a Scale was not admitted')
      return paths.custom ? admission : { ...admission, object: scaleOf(object, paths) as KubeObject }
    },
    checksUid,
    produce: (live) => scaled(call, live, paths, produce, admit, manager, checksUid),
  })
  return answer(call, stored, paths)
}

async function scaled(
  call: Call,
  live: KubeObject,
  paths: ScalePaths,
  produce: (old: Scale) => Scale,
  admit: (scale: Scale, old: Scale) => Promise<void>,
  manager: string | undefined,
  checksUid: boolean,
): Promise<KubeObject> {
  const { custom } = paths
  const found = scaleOf(live, paths)
  const isUnset = custom !== undefined && customScaleOf(live as unknown as JsonObject, custom).specReplicas === undefined
  const old: Scale = isUnset ? { ...found, spec: { replicas: unset } } : found
  const before = scaleEntries(live.metadata.managedFields, paths.fields as never)
  const withEntries: Scale = before ? { ...old, metadata: { ...old.metadata, managedFields: before } } : old
  const asked = produce(withEntries)
  const requester = { manager: manager ?? '', subresource: 'scale', now: new Date(call.core.clock.now()) }
  const tracked = manager === undefined ? asked : trackUpdate(appliedScale(), withEntries as never, asked as never, requester)
  const scale = thaw(tracked as unknown as KubeObject) as Scale
  await admit(scale, withEntries)
  if (!custom) {
    refuse(call.info.name, scale)
    // A PUT's is looked at by the store.
    if (!checksUid) refuseOther(call, scale, live)
  }
  if (custom && scale.spec?.replicas === unset) {
    throw badRequest(`the spec replicas field ${quote(custom.specReplicasPath ?? '')} cannot be empty`)
  }
  const next = thaw(live)
  paths.setReplicas(next, scale.spec?.replicas ?? 0)
  const { uid, resourceVersion, managedFields } = scale.metadata
  const entries = entriesAfterScale(
    live.metadata.managedFields,
    managedFields,
    paths.fields as never,
    apiVersionOf(call.resource),
  )
  setEntries(next, entries)
  if (uid) next.metadata.uid = uid
  if (resourceVersion) next.metadata.resourceVersion = resourceVersion
  else if (!custom) delete next.metadata.resourceVersion
  return next
}

/** Stands for replicas that a custom object does not have, until somebody sets them. */
const unset = -(2 ** 31)

function setEntries(object: KubeObject, entries: ManagedFieldsEntry[] | undefined): void {
  if (entries && entries.length > 0) object.metadata.managedFields = entries
  else delete object.metadata.managedFields
}

function refuse(name: string, scale: Scale): void {
  const replicas = scale.spec?.replicas ?? 0
  const errors: FieldError[] = replicas < 0 ? [invalid('spec.replicas', replicas, 'must be greater than or equal to 0')] : []
  if (errors.length > 0) throw invalidObject(scaleKind, name, errors)
}

/** A patched Scale may name the object that it is of. Throws 409. */
function refuseOther({ resource }: Call, { metadata }: Scale, live: KubeObject): void {
  const { uid, name = '' } = live.metadata
  if (!metadata?.uid || metadata.uid === uid) return
  const why = `Precondition failed: UID in precondition: ${metadata.uid}, UID in object meta: ${uid}`
  throw conflict({ group: resource.group, resource: `${resource.resource}/scale` }, name, why)
}
