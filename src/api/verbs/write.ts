import { timeText } from '../../apimachinery/clock.ts'
import { type FieldError, invalidObject } from '../../apimachinery/field-error.ts'
import { hasLongNumber, parseJson } from '../../apimachinery/json.ts'
import { isLonger } from '../../apimachinery/names.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import { namespaces } from '../../apimachinery/resources.generated.ts'
import { alreadyExists, conflict, StatusError } from '../../apimachinery/status.ts'
import { inTurns } from '../../apimachinery/steps.ts'
import { type Change, Conflict, type Stamp } from '../../store/store.ts'
import type { AdmissionRequest } from '../admission/admission.ts'
import { runMutating, runValidating } from '../admission/chain.ts'
import { noteOf } from '../history/note.ts'
import type { KindContext } from '../kinds/kind.ts'
import type { MetaLooks, MetaOptions } from '../kinds/meta.ts'
import type { Call } from '../pipeline/call.ts'
import { overdue } from '../pipeline/deadline.ts'
import type { WriteOptions } from '../pipeline/options.ts'
import { mayTakeLong } from '../pipeline/readable.ts'
import { gvkText, type ServedResource, type Storage } from '../registry/served.ts'
import { serializer, serializerSteps, withVersion } from '../watch/serialize.ts'
import { Stored } from '../watch/stored.ts'

/** An object's bytes may not be more than what etcd takes by default, so that what is accepted here is accepted everywhere. */
const maxObjectBytes = 1536 * 1024
export const modifiedText = 'the object has been modified; please apply your changes to the latest version and try again'

export function kindContext(call: Call, subresource: string): KindContext {
  const { name, uid, groups, extra } = call.user
  const userInfo = { groups, ...(uid ? { uid } : {}), ...(extra ? { extra } : {}) }
  const { core, info } = call
  const requested = gvkText(call.resource)
  const namespaceLabels = () => core.objects.get(namespaces, undefined, info.namespace)?.metadata.labels ?? {}
  const warn = (message: string): void => void call.warnings.add(message)
  return { now: timeText(core.clock.now()), user: name, userInfo, subresource, requested, namespaceLabels, warn }
}

/** Whose rules of updates don't call ValidateObjectMetaUpdate. */
const noLookAtChange = new Set([
  'CSINode',
  'EndpointSlice',
  'LimitRange',
  'PersistentVolume',
  'PodDisruptionBudget',
  'VolumeAttachment',
])

/** Whose rules of updates don't validate the whole object again. */
const noLookAtNew = new Set([
  'CSIDriver',
  'CronJob',
  'CustomResourceDefinition',
  'DaemonSet',
  'Deployment',
  'HorizontalPodAutoscaler',
  'Lease',
  'NetworkPolicy',
  'PodDisruptionBudget',
  'PodTemplate',
  'PriorityClass',
  'ReplicaSet',
  'ReplicationController',
  'ResourceQuota',
  'ResourceSlice',
  'Service',
  'ServiceCIDR',
  'StatefulSet',
])

/** How often a kind's own rules of updates look at metadata: counted in the answers of kube-apiserver 1.36.3. */
export function metaLooks({ group, kind, isCustom }: ServedResource, subresource: string): MetaLooks {
  if (isCustom) return { atChange: 1, atNew: 0 }
  if (kind === 'Event') return { atChange: 0, atNew: 0 }
  if (subresource !== '' && kind === 'CronJob') return { atChange: 0, atNew: 0 }
  const byNewOnly = group === 'admissionregistration.k8s.io' || group === 'flowcontrol.apiserver.k8s.io'
  const isOther = subresource !== '' && kind !== 'CertificateSigningRequest'
  const atNew = isOther || noLookAtNew.has(kind) ? 0 : kind === 'PersistentVolume' ? 2 : 1
  return {
    atChange: byNewOnly || (noLookAtChange.has(kind) && !(kind === 'PersistentVolume' && subresource !== '')) ? 0 : 1,
    atNew,
  }
}

/** How the metadata of a kind's objects is validated. */
export function metaOptions({ strategy, namespaced, isCustom }: ServedResource, object: KubeObject): MetaOptions {
  const { nameRule: rule, ignoresGenerateName = false } = strategy
  const anyFinalizer = isCustom || strategy.anyFinalizer === true
  const options = { namespaced, anyFinalizer, ignoresGenerateName }
  return rule ? { ...options, nameRule: (name) => rule(name, object) } : options
}

/** Whose rules what is written is judged by: the version that is stored; each version's own for custom kinds. */
export function homeOf({ resource, core }: Call, storage: Storage): ServedResource {
  return resource.isCustom ? resource : (core.registry.findStorage(storage) ?? resource)
}

/** An object of the requested version as it is stored. */
export function asStored({ resource }: Call, object: KubeObject): KubeObject | Promise<KubeObject> {
  return resource.conversion ? resource.conversion.toStorage(object) : object
}

/** `object` as it would be stored; a large one takes several turns of the event loop. */
export function canonicalOf({ bulk }: Call, { rules }: ServedResource, object: KubeObject): KubeObject | Promise<KubeObject> {
  return mayTakeLong(bulk) ? inTurns(rules.canonicalSteps(object)) : rules.canonical(object)
}

interface AdmissionInput {
  readonly operation: AdmissionRequest['operation']
  readonly subresource: string
  readonly name: string
  readonly object: KubeObject | undefined
  readonly old: KubeObject | undefined
  readonly options: Pick<WriteOptions, 'dryRun'> & { readonly raw: WriteOptions['raw'] | null }
  /** What admission is asked about, when it is not of the resource's kind. */
  readonly gvk?: { readonly group: string; readonly version: string; readonly kind: string }
}

export function admissionRequest(call: Call, input: AdmissionInput): AdmissionRequest {
  const { resource, info, user, warnings, deadline, trail } = call
  return {
    operation: input.operation,
    group: resource.group,
    version: resource.version,
    resource: resource.resource,
    subresource: input.subresource,
    kind: input.gvk?.kind ?? resource.kind,
    ...(input.gvk ? { kindVersion: { group: input.gvk.group, version: input.gvk.version } } : {}),
    ...(resource.alsoServed ? { alsoServed: resource.alsoServed } : {}),
    namespace: resource.namespaced
      ? info.namespace
      : resource.resource === 'namespaces' && resource.group === ''
        ? input.name
        : undefined,
    name: input.name,
    object: input.object,
    oldObject: input.old,
    options: optionsOf(input),
    dryRun: input.options.dryRun,
    user,
    warn: (message) => warnings.add(message),
    waited: (ms, step) => {
      if (step === 'admit') call.latencies.add('mutating-webhook', ms)
      else call.latencies.longest('validating-webhook', ms)
    },
    grown: (bytes) => {
      call.bulk.bytes = Math.max(call.bulk.bytes, bytes)
    },
    ...(deadline ? { deadline } : {}),
    ...(trail ? { annotate: (key, value, level) => trail.annotate(key, value, level) } : {}),
  }
}

/** A PATCH or PUT is admitted as the create or update that it comes to. */
function optionsOf({ operation, options }: AdmissionInput): AdmissionRequest['options'] {
  if (!options.raw) return null
  const { kind } = options.raw
  if (kind !== 'PatchOptions' && !(kind === 'UpdateOptions' && operation === 'CREATE')) return options.raw
  const { force: _, ...raw } = options.raw
  return { ...raw, kind: operation === 'CREATE' ? 'CreateOptions' : 'UpdateOptions' }
}

export const admitMutating = (call: Call, request: AdmissionRequest): Promise<void> =>
  runMutating(call.core.admission, request, call.core.admissionMetrics)

export const admitValidating = (call: Call, request: AdmissionRequest): Promise<void> =>
  runValidating(call.core.admission, request, call.core.admissionMetrics)

export function refuseIfInvalid(resource: { group: string; kind: string }, name: string, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalidObject(resource, name, errors)
}

/** Stands for the value that `stamp` makes. */
const stamped = new Uint8Array()

/** Writes `object` (in the storage version) if its key is still at `expected`, and gives what is stored now. */
export async function commitObject(
  call: Call,
  key: string,
  object: KubeObject,
  expected: number,
  others: readonly Change[] = [],
): Promise<Stored> {
  const { store, caches } = call.core
  const { resource } = call
  const write = mayTakeLong(call.bulk) ? await inTurns(serializerSteps(object, resource)) : serializer(object, resource)
  // A float64 without fraction is read back as an int64.
  const kept = hasLongNumber(write.text) ? (parseJson(write.text) as KubeObject) : write.object
  let bytes: Uint8Array | undefined
  const stamp: Stamp = {
    at: (revision) => {
      bytes = write(revision)
      caches.expect(bytes, withVersion(kept, revision))
      return bytes
    },
    offset: write.offset,
  }
  if (isLonger(write.text, maxObjectBytes)) {
    throw new StatusError(413, 'RequestEntityTooLarge', `etcdserver: request is too large`)
  }
  if (call.deadline?.isOver) throw overdue()
  const commit = store.commit([{ key, value: stamped, expected, stamp }, ...others], noteOf(call))
  const began = performance.now()
  const revision = await call.core.storage.time(expected === 0 ? 'create' : 'update', key, commit)
  call.latencies.add('etcd', performance.now() - began)
  const cached = caches.of(key.slice(0, key.indexOf('/', key.indexOf('/', '/registry/'.length) + 1) + 1)).get(key)
  if (cached?.revision === revision) return cached
  return new Stored(key, bytes ?? write(revision), revision, withVersion(kept, revision))
}

/** What the store's refusal means to the caller. */
export function storeError(
  error: unknown,
  resource: { group: string; resource: string },
  name: string,
  creating: boolean,
): unknown {
  if (error instanceof Conflict) {
    return creating && error.current !== 0 ? alreadyExists(resource, name) : conflict(resource, name, modifiedText)
  }
  return error
}
