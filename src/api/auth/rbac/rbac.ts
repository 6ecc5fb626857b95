import type { PolicyRule } from '../../../apimachinery/kinds.generated.ts'
import { groupResource } from '../../../apimachinery/resource.ts'
import type { Steps } from '../../../apimachinery/steps.ts'
import type { UserInfo } from '../../request.ts'
import type { Attributes, Decision } from '../authorizer.ts'
import type { Grants } from './grants.ts'
import { ruleAllows } from './policy-rule.ts'

/** So many grants are looked at in one step. */
const stepSize = 64

/** RBAC's decision. The reason of a refusal names roles that are bound to the user but do not exist. */
export function* authorizeByRoles(grants: Grants, attributes: Attributes): Steps<Decision> {
  const problems: string[] = []
  let seen = 0
  for (const grant of grants.of(attributes.user, attributes.resource?.namespace ?? '')) {
    if (++seen % stepSize === 0) yield
    const rules = grants.rulesOf(grant.roleRef, grant.namespace)
    if (!rules) problems.push(missingRole(grant.roleRef))
    else if (rules.some((rule) => ruleAllows(rule, attributes))) {
      return { allowed: true, reason: `RBAC: allowed by ${grant.description}` }
    }
  }
  const texts = [...new Set(problems)]
  if (texts.length === 0) return { allowed: false, reason: '' }
  return { allowed: false, reason: `RBAC: ${texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`}` }
}

/** All rules that a user has in `namespace`, for rule reviews and escalation checks. */
export function* rulesFor(grants: Grants, user: UserInfo, namespace: string): Steps<{ rules: PolicyRule[]; problems: string[] }> {
  const rules: PolicyRule[] = []
  const problems = new Set<string>()
  let seen = 0
  for (const grant of grants.of(user, namespace)) {
    if (++seen % stepSize === 0) yield
    const found = grants.rulesOf(grant.roleRef, grant.namespace)
    if (found) for (const rule of found) rules.push(rule)
    else problems.add(missingRole(grant.roleRef))
  }
  return { rules, problems: [...problems] }
}

/** Informers' listers, which the real RBAC reads from, name the singular here. */
function missingRole(roleRef: { kind: string; name: string }): string {
  return `${groupResource({ group: 'rbac.authorization.k8s.io', resource: roleRef.kind.toLowerCase() })} "${roleRef.name}" not found`
}
