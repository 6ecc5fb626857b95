import type { Steps } from '../../apimachinery/steps.ts'
import { isRequestUri, parseRequestUri } from '../formats/go-url.ts'
import { conversionProblem } from '../schema/schema-errors.ts'
import { structuralErrors } from '../schema/structural.ts'
import type { CustomResourceDefinition, DefinitionCondition, DefinitionStatus } from './definition.ts'
import { versionsOf } from './definition.ts'

/** `status` with a condition added or changed; its time moves only when its status does. */
export function withCondition(status: DefinitionStatus, condition: DefinitionCondition, now: string): DefinitionStatus {
  const conditions = status.conditions ?? []
  const index = conditions.findIndex((existing) => existing.type === condition.type)
  const existing = conditions[index]
  const unchanged = existing?.status === condition.status && existing.lastTransitionTime !== undefined
  const lastTransitionTime = unchanged ? (existing.lastTransitionTime as string) : now
  const { type, ...rest } = condition
  const updated: DefinitionCondition = { type, ...rest, lastTransitionTime }
  return { ...status, conditions: index === -1 ? [...conditions, updated] : conditions.with(index, updated) }
}

export const TERMINATING: Readonly<Record<'pending' | 'inProgress' | 'completed' | 'neverEstablished', DefinitionCondition>> = {
  pending: {
    type: 'Terminating',
    status: 'True',
    reason: 'InstanceDeletionPending',
    message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
  },
  inProgress: {
    type: 'Terminating',
    status: 'True',
    reason: 'InstanceDeletionInProgress',
    message: 'CustomResource deletion is in progress',
  },
  completed: { type: 'Terminating', status: 'False', reason: 'InstanceDeletionCompleted', message: 'removed all instances' },
  neverEstablished: {
    type: 'Terminating',
    status: 'False',
    reason: 'NeverEstablished',
    message: 'resource was never established',
  },
}

/** Deleting the objects of a definition failed: `why` is told, and it is tried again. */
export const deletionFailed = (why: string): DefinitionCondition => ({
  type: 'Terminating',
  status: 'True',
  reason: 'InstanceDeletionFailed',
  message: `could not issue all deletes: ${why}`,
})

/** The NonStructuralSchema condition; undefined when all schemas are structural (then the condition goes). */
export function* nonStructuralCondition(definition: CustomResourceDefinition): Steps<DefinitionCondition | undefined> {
  const errors = definition.spec.preserveUnknownFields
    ? [{ field: 'spec.preserveUnknownFields', message: 'Invalid value: true: must be false' }]
    : []
  for (const [i, version] of versionsOf(definition).entries()) {
    const schema = version.schema?.openAPIV3Schema
    if (schema === undefined) continue
    const problem = conversionProblem(schema)
    if (problem !== undefined) {
      const message = `failed to check validation schema for version ${version.name}: ${problem}`
      return { type: 'NonStructuralSchema', status: 'Unknown', reason: 'StructuralError', message }
    }
    errors.push(...(yield* structuralErrors(schema, `spec.versions[${i}].schema.openAPIV3Schema`)))
  }
  if (errors.length === 0) return undefined
  const texts = errors.map((error) => `${error.field}: ${error.message}`)
  const message = texts.length === 1 ? (texts[0] as string) : `[${texts.join(', ')}]`
  return { type: 'NonStructuralSchema', status: 'True', reason: 'Violations', message }
}

const APPROVED = 'api-approved.kubernetes.io'

export type Approval = 'missing' | 'invalid' | 'approved' | 'bypassed'

/** Groups of the Kubernetes community need a word on who approved them. */
export const isProtectedGroup = (group: string): boolean =>
  ['k8s.io', 'kubernetes.io'].some((suffix) => group === suffix || group.endsWith(`.${suffix}`))

/** What the annotation api-approved.kubernetes.io says, and how the API server puts it. */
export function approvalOf(definition: CustomResourceDefinition): { state: Approval; reason: string } {
  const annotation = definition.metadata.annotations?.[APPROVED]
  const wanted = `protected groups must have approval annotation "${APPROVED}"`
  const advice = 'see https://github.com/kubernetes/enhancements/pull/1111'
  if (!annotation) return { state: 'missing', reason: `${wanted}, ${advice}` }
  if (annotation.startsWith('unapproved')) return { state: 'bypassed', reason: `not approved: ${JSON.stringify(annotation)}` }
  if (isAbsoluteUrl(annotation)) return { state: 'approved', reason: `approved in ${annotation}` }
  return { state: 'invalid', reason: `${wanted} with either a URL or a reason starting with "unapproved", ${advice}` }
}

function isAbsoluteUrl(text: string): boolean {
  if (!isRequestUri(text)) return false
  const url = parseRequestUri(text)
  return url.host !== '' && url.scheme !== ''
}

const APPROVAL_CONDITIONS: Readonly<Record<Approval, { status: 'True' | 'False'; reason: string }>> = {
  invalid: { status: 'False', reason: 'InvalidAnnotation' },
  missing: { status: 'False', reason: 'MissingAnnotation' },
  approved: { status: 'True', reason: 'ApprovedAnnotation' },
  bypassed: { status: 'False', reason: 'UnapprovedAnnotation' },
}

/** The KubernetesAPIApprovalPolicyConformant condition of a definition in a protected group. */
export function approvalCondition(definition: CustomResourceDefinition): DefinitionCondition | undefined {
  if (!isProtectedGroup(definition.spec.group ?? '')) return undefined
  const { state, reason: message } = approvalOf(definition)
  return { type: 'KubernetesAPIApprovalPolicyConformant', ...APPROVAL_CONDITIONS[state], message }
}
