// Fills the rules of ClusterRoles that are made of others.
import type { ClusterRole, PolicyRule } from '../apimachinery/kinds.generated.ts'
import { matchesSelector } from '../apimachinery/label-selector.ts'
import { clusterroles } from '../apimachinery/resources.generated.ts'
import { defineController, watching } from '../operators/controller.ts'
import { sameValue } from '../operators/equality.ts'

/** The rules that `role` ought to have: those of the roles it selects, by name, each once; undefined when it selects none. */
function rulesFor(role: ClusterRole, all: readonly ClusterRole[]): PolicyRule[] | undefined {
  const selectors = role.aggregationRule?.clusterRoleSelectors
  if (!role.aggregationRule) return undefined
  const rules = new Map<string, PolicyRule>()
  for (const selector of selectors ?? []) {
    const chosen = all
      .filter((r) => r.metadata.name !== role.metadata.name && matchesSelector(selector, r.metadata.labels))
      .sort((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1))
    for (const rule of chosen.flatMap((r) => r.rules ?? [])) if (!rules.has(textOf(rule))) rules.set(textOf(rule), rule)
  }
  return [...rules.values()]
}

/** The same for rules that say the same. */
const textOf = ({ verbs, apiGroups, resources, resourceNames, nonResourceURLs }: PolicyRule): string =>
  JSON.stringify([verbs, apiGroups, resources, resourceNames, nonResourceURLs])

export const clusterRoleAggregationController = defineController<ClusterRole>({
  name: 'clusterrole-aggregation-controller',
  for: clusterroles,
  watches: [
    watching(clusterroles, (_role, informers) =>
      informers
        .of(clusterroles)
        .list()
        .filter((r) => r.aggregationRule)
        .map((r) => r.metadata.name ?? ''),
    ),
  ],
  async reconcile(role, { client, informers }) {
    const rules = rulesFor(role, informers.of(clusterroles).list())
    if (!rules || sameValue(rules, role.rules ?? [])) return undefined
    // None to give: those that were given go, those of others stay, as with kube-controller-manager.
    const given = rules.length > 0 ? { rules } : {}
    await client.apply(
      clusterroles,
      { metadata: { name: role.metadata.name ?? '' }, ...given },
      { fieldManager: 'clusterrole-aggregation-controller', force: true },
    )
    return undefined
  },
})
