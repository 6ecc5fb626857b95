import type { MatchResources } from '../../../apimachinery/kinds.generated.ts'

interface Rule {
  scope?: string
}

function defaultRules(rules: readonly Rule[] | undefined): void {
  for (const rule of rules ?? []) rule.scope ??= '*'
}

export function defaultMatchResources(match: MatchResources | undefined): void {
  if (!match) return
  match.matchPolicy ??= 'Equivalent'
  match.namespaceSelector ??= {}
  match.objectSelector ??= {}
  defaultRules(match.resourceRules)
  defaultRules(match.excludeResourceRules)
}

interface Webhook {
  failurePolicy?: string
  matchPolicy?: string
  namespaceSelector?: object
  objectSelector?: object
  timeoutSeconds?: number
  clientConfig?: { service?: { port?: number } }
  rules?: readonly Rule[]
}

export function defaultWebhook(webhook: Webhook): void {
  webhook.failurePolicy ??= 'Fail'
  webhook.matchPolicy ??= 'Equivalent'
  webhook.namespaceSelector ??= {}
  webhook.objectSelector ??= {}
  webhook.timeoutSeconds ??= 10
  if (webhook.clientConfig?.service) webhook.clientConfig.service.port ??= 443
  defaultRules(webhook.rules)
}
