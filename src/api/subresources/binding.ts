import { timeText } from '../../apimachinery/clock.ts'
import { type FieldError, notSupported, required } from '../../apimachinery/field-error.ts'
import type { Binding, Pod } from '../../apimachinery/kinds.generated.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import { pods } from '../../apimachinery/resources.generated.ts'
import { badRequest, conflict, type Status, unforeseen } from '../../apimachinery/status.ts'
import { readBody } from '../pipeline/body.ts'
import type { Answer, Call } from '../pipeline/call.ts'
import { writeOptions } from '../pipeline/options.ts'
import { builtInRules } from '../registry/rules.ts'
import { typeOf } from '../schema/types.ts'
import { settleNamespace } from '../verbs/create.ts'
import { statusKind } from '../verbs/delete.ts'
import { updateObject } from '../verbs/update-object.ts'
import { admissionRequest, admitMutating, admitValidating } from '../verbs/write.ts'
import { thawObject } from '../watch/freeze.ts'

const bindingKind = { group: '', version: 'v1', kind: 'Binding' }

/** POST pods/NAME/binding, or POST bindings: puts a pod on a node. */
export async function bind(call: Call): Promise<Answer> {
  const { request, core, info } = call
  const type = typeOf('', 'v1', 'Binding')
  if (!type) throw new Error('Binding is not among the types')
  const options = writeOptions(request.query, 'CreateOptions')
  const rules = builtInRules(() => type)
  const { object, warnings } = await readBody(request, bindingKind, rules, options.fieldValidation)
  for (const w of warnings) call.warnings.add(w)
  call.trail?.asks(rules.canonical(object))
  settleNamespace(object, call.resource, info.namespace)
  const name = info.name || (object.metadata.name ?? '')
  const binding = object as Binding
  const admission = admissionRequest(call, {
    operation: 'CREATE',
    subresource: info.name ? 'binding' : '',
    name,
    object,
    old: undefined,
    options,
    gvk: bindingKind,
  })
  await admitMutating(call, admission)
  // Only what has been admitted is looked at, as in kube-apiserver.
  if (name !== (object.metadata.name ?? '')) throw badRequest('name in URL does not match name in Binding object')
  const problem = problemOf(binding)
  if (problem) throw unforeseen(`${problem.field}: ${problem.message}`)
  if (!name) throw badRequest('Name parameter required.')
  await admitValidating(call, admission)
  const resource = core.registry.find('', 'v1', 'pods')
  if (!resource) throw new Error('pods are not served')
  await updateObject(
    { ...call, resource, info: { ...info, name } },
    {
      name,
      subresource: 'binding',
      options,
      tries: 5,
      produce: (live) => bound(live, binding, core.clock.now()),
      admits: false,
    },
  )
  return { kind: 'object', status: 201, object: success, gvk: statusKind }
}

const success = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 } as Status

/** kube-apiserver tells the first problem only, and as an error without a status. */
function problemOf({ target }: Binding): FieldError | undefined {
  if (target.kind && target.kind !== 'Node') return notSupported('target.kind', target.kind, ['Node', '<empty>'])
  return target.name ? undefined : required('target.name')
}

/** Which precondition of a binding the pod does not meet. */
function unmet(asked: Binding['metadata'], { uid, resourceVersion }: KubeObject['metadata']): string | undefined {
  if (asked?.uid && asked.uid !== uid) {
    return `Precondition failed: UID in precondition: ${asked.uid}, UID in object meta: ${uid}`
  }
  if (!asked?.resourceVersion || asked.resourceVersion === resourceVersion) return undefined
  const wanted = `ResourceVersion in precondition: ${asked.resourceVersion}`
  return `Precondition failed: ${wanted}, ResourceVersion in object meta: ${resourceVersion}`
}

/** The pod on its node. Throws 409 when it has one, is going, or waits for its gates. */
function bound(live: KubeObject, { target, metadata }: Binding, now: number): KubeObject {
  const pod = thawObject(live) as Pod & KubeObject
  const name = pod.metadata.name ?? ''
  const refuse = (why: string) => conflict({ group: '', resource: 'pods/binding' }, name, why)
  const why = unmet(metadata, pod.metadata)
  if (why) {
    const key = `/registry/pods/${pod.metadata.namespace}/${name}`
    const text = `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: ${why}`
    throw conflict({ group: '', resource: 'pods' }, name, text)
  }
  if (pod.metadata.deletionTimestamp) throw refuse(`pod ${name} is being deleted, cannot be assigned to a host`)
  const spec = pod.spec
  if (!spec) throw new Error(`${pods.resource} ${name} has no spec`)
  if (spec.nodeName) throw refuse(`pod ${name} is already assigned to node ${JSON.stringify(spec.nodeName)}`)
  if ((spec.schedulingGates ?? []).length > 0) throw refuse(`pod ${name} has non-empty .spec.schedulingGates`)
  spec.nodeName = target.name ?? ''
  if (metadata?.annotations) pod.metadata.annotations = { ...pod.metadata.annotations, ...metadata.annotations }
  if (metadata?.labels) pod.metadata.labels = { ...pod.metadata.labels, ...metadata.labels }
  const status = pod.status ?? {}
  const others = (status.conditions ?? []).filter((c) => c.type !== 'PodScheduled')
  pod.status = { ...status, conditions: [...others, { type: 'PodScheduled', status: 'True', lastTransitionTime: timeText(now) }] }
  return pod
}
