import { type FieldError, forbiddenField, invalid, notSupported, required } from '../../../apimachinery/field-error.ts'
import type {
  IPBlock,
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
  NetworkPolicySpec,
} from '../../../apimachinery/kinds.generated.ts'
import { isPortName, isPortNumber } from '../../../apimachinery/names.ts'
import { checkSupported, type Errors, pushInvalid, requireText } from '../errors.ts'
import { type Cidr, checkLegacyCidr, cidrWarnings, networkOf } from '../ip.ts'
import type { KindContext } from '../kind.ts'
import { hasInvalidValue, validateLabelSelector } from '../selector.ts'

interface Rules {
  readonly anyValue: boolean
  readonly knownCidrs: ReadonlySet<string>
}

function validatePort({ protocol, port, endPort }: NetworkPolicyPort, at: string, errors: Errors): void {
  if (protocol !== undefined) checkSupported(protocol, ['TCP', 'UDP', 'SCTP'], `${at}.protocol`, errors)
  const end = `${at}.endPort`
  if (port === undefined) {
    if (endPort !== undefined) errors.push(invalid(end, endPort, 'may not be specified when `port` is not specified'))
  } else if (typeof port === 'string') {
    if (endPort !== undefined) errors.push(invalid(end, endPort, 'may not be specified when `port` is non-numeric'))
    pushInvalid(errors, `${at}.port`, port, isPortName(port))
  } else {
    pushInvalid(errors, `${at}.port`, port, isPortNumber(port))
    if (endPort === undefined) return
    if (endPort < port) errors.push(invalid(end, port, 'must be greater than or equal to `port`'))
    pushInvalid(errors, end, endPort, isPortNumber(endPort))
  }
}

/** Whether `inner` is a part of `outer`, and not all of it; what is no network is told of elsewhere. */
function contains(outer: Cidr, inner: Cidr | undefined): boolean {
  if (!inner) return true
  if (outer.address.isMapped || outer.address.family !== inner.address.family || outer.prefix >= inner.prefix) return false
  const network = networkOf(outer.address.bytes, outer.prefix)
  return networkOf(inner.address.bytes, outer.prefix).every((byte, i) => byte === network[i])
}

function validateBlock({ cidr, except = [] }: IPBlock, at: string, { knownCidrs }: Rules, errors: Errors): void {
  if (!requireText(cidr, `${at}.cidr`, errors)) return
  const outer = checkLegacyCidr(cidr, `${at}.cidr`, errors, knownCidrs)
  if (!outer) return
  for (const [i, text] of except.entries()) {
    const inner = checkLegacyCidr(text, `${at}.except[${i}]`, errors, knownCidrs)
    if (!contains(outer, inner)) errors.push(invalid(`${at}.except[${i}]`, text, 'must be a strict subset of `cidr`'))
  }
}

function validatePeer(peer: NetworkPolicyPeer, at: string, rules: Rules, errors: Errors): void {
  validateLabelSelector(peer.podSelector, `${at}.podSelector`, errors, rules.anyValue)
  validateLabelSelector(peer.namespaceSelector, `${at}.namespaceSelector`, errors, rules.anyValue)
  if (peer.ipBlock) validateBlock(peer.ipBlock, `${at}.ipBlock`, rules, errors)
  const hasSelector = peer.podSelector !== undefined || peer.namespaceSelector !== undefined
  if (!hasSelector && !peer.ipBlock) errors.push(required(at, 'must specify a peer'))
  else if (hasSelector && peer.ipBlock) errors.push(forbiddenField(at, 'may not specify both ipBlock and another peer'))
}

function validateDirection(
  list: readonly { ports?: NetworkPolicyPort[]; peers: NetworkPolicyPeer[] | undefined }[],
  at: string,
  peerField: string,
  rules: Rules,
  errors: Errors,
): void {
  for (const [i, { ports, peers }] of list.entries()) {
    for (const [j, port] of (ports ?? []).entries()) validatePort(port, `${at}[${i}].ports[${j}]`, errors)
    for (const [j, peer] of (peers ?? []).entries()) validatePeer(peer, `${at}[${i}].${peerField}[${j}]`, rules, errors)
  }
}

function validateSpec(spec: NetworkPolicySpec | undefined, rules: Rules): FieldError[] {
  const errors: Errors = []
  if (!spec) return errors
  validateLabelSelector(spec.podSelector, 'spec.podSelector', errors, rules.anyValue)
  const ingress = (spec.ingress ?? []).map((r) => ({ ...r, peers: r.from }))
  validateDirection(ingress, 'spec.ingress', 'from', rules, errors)
  const egress = (spec.egress ?? []).map((r) => ({ ...r, peers: r.to }))
  validateDirection(egress, 'spec.egress', 'to', rules, errors)
  const types = spec.policyTypes ?? []
  if (types.length > 2) {
    errors.push(invalid('spec.policyTypes', types, 'may not specify more than two policyTypes'))
    return errors
  }
  for (const [i, type] of types.entries()) {
    if (type !== 'Ingress' && type !== 'Egress') {
      errors.push(notSupported(`spec.policyTypes[${i}]`, type, ['Ingress', 'Egress']))
    }
  }
  return errors
}

export const validateNetworkPolicy = ({ spec }: NetworkPolicy): FieldError[] =>
  validateSpec(spec, { anyValue: false, knownCidrs: new Set() })

export function validateNetworkPolicyUpdate(policy: NetworkPolicy, old: NetworkPolicy, _: KindContext): FieldError[] {
  const peers = [...(old.spec?.ingress ?? []).map((r) => r.from), ...(old.spec?.egress ?? []).map((r) => r.to)].flat()
  const knownCidrs = new Set(peers.flatMap((peer) => (peer?.ipBlock ? [peer.ipBlock.cidr, ...(peer.ipBlock.except ?? [])] : [])))
  return validateSpec(policy.spec, { anyValue: hasInvalidValue(old.spec?.podSelector), knownCidrs })
}

/** Blocks that are taken but should be written otherwise. */
export function policyWarnings({ spec }: NetworkPolicy): string[] {
  const warnings: string[] = []
  const look = (peers: readonly NetworkPolicyPeer[] | undefined, at: string) => {
    for (const [j, { ipBlock }] of (peers ?? []).entries()) {
      if (!ipBlock) continue
      warnings.push(...cidrWarnings(ipBlock.cidr, `${at}[${j}].ipBlock.cidr`))
      for (const [k, except] of (ipBlock.except ?? []).entries()) {
        warnings.push(...cidrWarnings(except, `${at}[${j}].ipBlock.except[${k}]`))
      }
    }
  }
  for (const [i, rule] of (spec?.ingress ?? []).entries()) look(rule.from, `spec.ingress[${i}].from`)
  for (const [i, rule] of (spec?.egress ?? []).entries()) look(rule.to, `spec.egress[${i}].to`)
  return warnings
}
