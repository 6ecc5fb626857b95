import type { FlowSchema, PriorityLevelConfiguration } from '../../apimachinery/kinds.generated.ts'
import { authenticatedGroup, mastersGroup, unauthenticatedGroup } from '../auth/users.ts'

/** Levels that there are even when nobody has stored them (k8s.io/apiserver/pkg/apis/flowcontrol/bootstrap). */
export const mandatoryLevels: readonly PriorityLevelConfiguration[] = [
  { metadata: { name: 'exempt' }, spec: { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } } },
  {
    metadata: { name: 'catch-all' },
    spec: {
      type: 'Limited',
      limited: { nominalConcurrencyShares: 5, lendablePercent: 0, limitResponse: { type: 'Reject' } },
    },
  },
]

const everything = {
  resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'], clusterScope: true }],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
}
const groups = (...names: string[]) => names.map((name) => ({ kind: 'Group', group: { name } }))

/** The schema that is asked first when nobody has stored it. */
export const mandatoryExempt: FlowSchema = {
  metadata: { name: 'exempt' },
  spec: {
    priorityLevelConfiguration: { name: 'exempt' },
    matchingPrecedence: 1,
    rules: [{ subjects: groups(mastersGroup), ...everything }],
  },
}

/** The schema of whatever no other one means. */
export const mandatoryCatchAll: FlowSchema = {
  metadata: { name: 'catch-all' },
  spec: {
    priorityLevelConfiguration: { name: 'catch-all' },
    matchingPrecedence: 10_000,
    distinguisherMethod: { type: 'ByUser' },
    rules: [{ subjects: groups(unauthenticatedGroup, authenticatedGroup), ...everything }],
  },
}
