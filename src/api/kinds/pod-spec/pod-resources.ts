import { duplicate, forbiddenField, invalid } from '../../../apimachinery/field-error.ts'
import type { PodResourceClaim, PodSpec } from '../../../apimachinery/kinds.generated.ts'
import { isDns1123Subdomain } from '../../../apimachinery/names.ts'
import { compareQuantities } from '../../../apimachinery/quantity.ts'
import { internal } from '../../schema/internal.ts'
import { checkLabel, type Errors, pushInvalid, requireText } from '../errors.ts'
import type { PodRules } from './options.ts'
import { aggregate, isHugePages } from './pod-defaults.ts'
import { validateRequirements } from './resources.ts'

/** Resources of the pod as a whole: no less than what its containers ask for. */
export function validatePodResources(spec: PodSpec, at: string, rules: PodRules, errors: Errors): void {
  const { resources } = spec
  if (!resources) return
  const path = `${at}.resources`
  if (spec.os?.name === 'windows') {
    errors.push(forbiddenField(path, 'may not be set for a windows pod'))
    return
  }
  if (resources.claims) errors.push(forbiddenField(`${path}.claims`, 'claims may not be set for Resources at pod-level'))
  const claims = new Set(spec.resourceClaims?.map((c) => c.name))
  validateRequirements(resources, path, errors, { podLevel: true, claims, anyHugePagesValue: rules.anyHugePagesValue })
  for (const [name, sum] of Object.entries(aggregate(spec, 'requests'))) {
    const own = resources.requests?.[name]
    if (own === undefined || compareQuantities(sum, own) <= 0) continue
    const text = `must be greater than or equal to aggregate container requests of ${sum}`
    errors.push(invalid(`${path}.requests[${name}]`, own, text))
  }
  for (const [name, sum] of Object.entries(aggregate(spec, 'limits'))) {
    const own = resources.limits?.[name]
    if (!isHugePages(name) || own === undefined || compareQuantities(sum, own) <= 0) continue
    const text = `must be greater than or equal to aggregate container limits of ${sum}`
    errors.push(invalid(`${path}.limits[${name}]`, own, text))
  }
  spec.containers?.forEach((container, i) => {
    for (const [name, limit] of Object.entries(container.resources?.limits ?? {})) {
      const own = resources.limits?.[name]
      if (own === undefined || compareQuantities(limit, own) <= 0) continue
      errors.push(
        invalid(`${path}.containers[${i}][${name}].limits`, limit, `must be less than or equal to pod limits of ${own}`),
      )
    }
  })
}

const mirror = 'kubernetes.io/config.mirror'

export function validateResourceClaims(claims: readonly PodResourceClaim[], at: string, rules: PodRules, errors: Errors): void {
  const names = new Set<string>()
  claims.forEach((claim, i) => {
    if (rules.meta?.annotations?.[mirror] !== undefined) {
      errors.push(forbiddenField('[]', 'static pods do not support resource claims'))
      return
    }
    const path = `${at}[${i}]`
    const { name, resourceClaimName: own, resourceClaimTemplateName: template } = claim
    if (requireText(name, `${path}.name`, errors)) {
      if (names.has(name)) errors.push(duplicate(`${path}.name`, name))
      else checkLabel(name, `${path}.name`, errors)
      names.add(name)
    }
    if (own != null && template != null) {
      errors.push(
        invalid(
          path,
          internal('core.PodResourceClaim', claim),
          'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified',
        ),
      )
    }
    if (own == null && template == null) {
      errors.push(
        invalid(
          path,
          internal('core.PodResourceClaim', claim),
          'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`',
        ),
      )
    }
    if (own != null) pushInvalid(errors, `${path}.resourceClaimName`, own, isDns1123Subdomain(own))
    if (template != null) pushInvalid(errors, `${path}.resourceClaimTemplateName`, template, isDns1123Subdomain(template))
  })
}
