import type { PolicyRule } from '../apimachinery/kinds.generated.ts'
import type { Resource } from '../apimachinery/resource.ts'
import type { Operator } from './operator.ts'
import { conversionOf, webhooksOf } from './webhooks/served-webhooks.ts'

const reading = ['get', 'list', 'watch']
const writing = [...reading, 'create', 'update', 'patch', 'delete']

interface RulesOptions {
  /** Whether it registers its webhooks itself. Default true. */
  readonly registers?: boolean
}

/** What an operator's service account must be allowed, so that the runtime can do its part; what `client` is used for comes on top. */
export function rulesOf(operator: Operator, { registers = true }: RulesOptions = {}): PolicyRule[] {
  const rules = new Map<string, { group: string; resource: string; verbs: Set<string> }>()
  const allow = (group: string, resource: string, verbs: readonly string[]) => {
    const id = `${group}/${resource}`
    const rule = rules.get(id) ?? { group, resource, verbs: new Set<string>() }
    for (const verb of verbs) rule.verbs.add(verb)
    rules.set(id, rule)
  }
  const own: Resource = operator.definition.for
  allow(own.group, own.resource, [...reading, 'patch', 'update'])
  allow(own.group, `${own.resource}/status`, ['get', 'patch', 'update'])
  allow(own.group, `${own.resource}/finalizers`, ['update'])
  for (const { resource } of operator.owns) allow(resource.group, resource.resource, writing)
  for (const { resource } of [...operator.reads, ...operator.watches]) allow(resource.group, resource.resource, reading)
  allow('', 'events', ['create', 'patch'])
  // What `once` keeps.
  allow('', 'secrets', ['get', 'create', 'patch'])
  allow('coordination.k8s.io', 'leases', writing)
  // What it waits for when the kind is not served.
  allow('apiextensions.k8s.io', 'customresourcedefinitions', reading)
  if (registers) allowRegistration(operator, allow)
  return [...rules.values()].map(({ group, resource, verbs }) => ({
    apiGroups: [group],
    resources: [resource],
    verbs: [...verbs],
  }))
}

function allowRegistration(operator: Operator, allow: (group: string, resource: string, verbs: readonly string[]) => void): void {
  const admission = 'admissionregistration.k8s.io'
  const kinds = new Set(webhooksOf(operator).map((w) => w.kind))
  if (kinds.has('validate')) allow(admission, 'validatingwebhookconfigurations', writing)
  if (kinds.has('mutate')) allow(admission, 'mutatingwebhookconfigurations', writing)
  const converts = conversionOf(operator) !== undefined
  if (converts) allow('apiextensions.k8s.io', 'customresourcedefinitions', ['patch'])
  if (kinds.size > 0 || converts) allow('', 'secrets', ['update'])
}
