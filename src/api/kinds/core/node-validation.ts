import { duplicate, type FieldError, forbiddenField, invalid, required } from '../../../apimachinery/field-error.ts'
import type { Node, NodeSpec, Taint } from '../../../apimachinery/kinds.generated.ts'
import { isConfigMapKey, isDns1123Label, isDns1123Subdomain, isLabelValue } from '../../../apimachinery/names.ts'
import { internal } from '../../schema/internal.ts'
import { checkPositive, checkQualifiedName, type Errors, isSame, pushInvalid, requireText } from '../errors.ts'
import { checkLegacyCidr, cidrWarnings, parseCidr } from '../ip.ts'
import type { KindContext } from '../kind.ts'
import { checkQuantity } from '../pod-spec/resources.ts'
import { checkTaintEffect } from '../pod-spec/tolerations.ts'

/** Taints; `at` is `metadata.taints`: Kubernetes puts them there. */
function validateTaints(taints: readonly Taint[], at: string, errors: Errors): void {
  const seen = new Set<string>()
  taints.forEach((taint, i) => {
    const path = `${at}[${i}]`
    checkQualifiedName(taint.key ?? '', `${path}.key`, errors)
    const problems = isLabelValue(taint.value ?? '')
    if (problems.length > 0) errors.push(invalid(`${path}.value`, taint.value ?? '', problems.join(';')))
    checkTaintEffect(taint.effect, `${path}.effect`, errors)
    const key = `${taint.effect}/${taint.key}`
    if (seen.has(key)) {
      const message = `${duplicate(path, internal('core.Taint', taint)).message}: taints must be unique by key and effect pair`
      errors.push({ type: 'FieldValueDuplicate', field: path, message })
    }
    seen.add(key)
  })
}

const featureName = /^([A-Z][a-zA-Z0-9]*)(\/[a-zA-Z0-9]+)*$/

function validateFeatures(features: readonly string[], at: string, errors: Errors): void {
  features.forEach((feature, i) => {
    const quoted = JSON.stringify(feature)
    if (Buffer.byteLength(feature) > 253) {
      errors.push(invalid(`${at}[${i}]`, feature, `invalid feature name ${quoted}: must be no more than 253 characters`))
    } else if (!featureName.test(feature)) {
      const rule = `must start with an UpperCamelCase segment, with subsequent segments separated by '/' (e.g., MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters and slashes`
      errors.push(invalid(`${at}[${i}]`, feature, `invalid feature name ${quoted}: ${rule}`))
    }
    const next = features[i + 1]
    if (next === undefined) return
    if (feature === next) errors.push(duplicate(`${at}[${i + 1}]`, next))
    else if (feature > next) errors.push(invalid(`${at}[${i + 1}]`, next, 'list must be sorted alphabetically'))
  })
}

function validateCommon(node: Node, errors: Errors): void {
  for (const field of ['capacity', 'allocatable'] as const) {
    const list = node.status?.[field] ?? {}
    for (const name of Object.keys(list)) checkQuantity(name, list[name] ?? '0', `status.${field}.${name}`, errors)
  }
  validateFeatures(node.status?.declaredFeatures ?? [], 'status.declaredFeatures', errors)
  if (node.spec?.taints) validateTaints(node.spec.taints, 'metadata.taints', errors)
}

export function validateNode(node: Node): FieldError[] {
  const errors: Errors = []
  validateCommon(node, errors)
  checkPositive(node.status?.nodeInfo?.swap?.capacity, 'metadata.nodeSwapStatus.capacity', errors)
  const cidrs = node.spec?.podCIDRs ?? []
  const at = 'spec.podCIDRs'
  cidrs.forEach((cidr, i) => {
    checkLegacyCidr(cidr, `${at}[${i}]`, errors)
  })
  if (cidrs.length < 2) return errors
  const families = cidrs.map((cidr) => parseCidr(cidr)?.address.family)
  const bad = families.indexOf(undefined)
  if (bad >= 0) {
    const why = `invalid CIDR[${bad}]: <nil> (invalid CIDR address: ${cidrs[bad]})`
    const text = `invalid PodCIDRs. failed to check with dual stack with error:${why}`
    errors.push({ type: 'InternalError', field: at, message: `Internal error: ${text}` })
  }
  if (bad >= 0 || new Set(families).size < 2 || cidrs.length > 2) {
    errors.push(invalid(at, cidrs, 'may specify no more than one CIDR for each IP family'))
  }
  return errors
}

export function validateNodeUpdate(node: Node, old: Node, { subresource }: KindContext): FieldError[] {
  // Kubernetes' strategy of the object's own endpoint validates it as a new one, too.
  const errors: Errors = subresource === 'status' ? [] : validateNode(node)
  validateCommon(node, errors)
  const seen = new Set<string>()
  node.status?.addresses?.forEach((address, i) => {
    const key = `${address.type}/${address.address}`
    if (seen.has(key)) errors.push(duplicate(`status.addresses[${i}]`, internal('core.NodeAddress', address)))
    seen.add(key)
  })
  const before = old.spec?.podCIDRs ?? []
  const cidrs = node.spec?.podCIDRs ?? []
  const text = 'node updates may not change podCIDR except from "" to valid'
  if (before.length > 0) {
    if (before.length !== cidrs.length) errors.push(forbiddenField('spec.podCIDRs', text))
    else for (const [i, cidr] of before.entries()) if (cidrs[i] !== cidr) errors.push(forbiddenField('spec.podCIDRs', text))
  }
  const provider = old.spec?.providerID
  if (provider && provider !== node.spec?.providerID) {
    errors.push(forbiddenField('spec.providerID', 'node updates may not change providerID except from "" to valid'))
  }
  if (node.spec?.configSource) validateConfigSource(node.spec.configSource, 'spec.configSource', errors)
  if (!isSame(node.spec?.externalID, old.spec?.externalID)) errors.push(forbiddenField('spec.externalID', 'may not be updated'))
  return errors
}

type ConfigSource = NonNullable<NodeSpec['configSource']>

function validateConfigSource(source: ConfigSource, at: string, errors: Errors): void {
  const map = source.configMap
  if (!map) {
    errors.push(invalid(at, internal('*core.NodeConfigSource', source), 'exactly one reference subfield must be non-nil'))
    return
  }
  const path = `${at}.configMap`
  if (map.uid) errors.push(forbiddenField(`${path}.uid`, 'uid must not be set in spec'))
  if (map.resourceVersion) errors.push(forbiddenField(`${path}.resourceVersion`, 'resourceVersion must not be set in spec'))
  if (!map.namespace) errors.push(required(`${path}.namespace`))
  else pushInvalid(errors, `${path}.namespace`, map.namespace, isDns1123Label(map.namespace))
  if (requireText(map.name, `${path}.name`, errors)) pushInvalid(errors, `${path}.name`, map.name, isDns1123Subdomain(map.name))
  if (requireText(map.kubeletConfigKey, `${path}.kubeletConfigKey`, errors)) {
    pushInvalid(errors, `${path}.kubeletConfigKey`, map.kubeletConfigKey, isConfigMapKey(map.kubeletConfigKey))
  }
}

export function nodeWarnings({ spec }: Node, _: Node | undefined, { subresource }: KindContext): string[] {
  if (subresource !== '') return []
  const warnings: string[] = []
  if (spec?.configSource) warnings.push('spec.configSource: the feature is removed')
  if (spec?.externalID) warnings.push('spec.externalID: this field is deprecated, and is unused by Kubernetes')
  for (const [i, cidr] of (spec?.podCIDRs ?? []).entries()) warnings.push(...cidrWarnings(cidr, `spec.podCIDRs[${i}]`))
  return warnings
}
