import type { Ingress } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'
import { dropStatus, keepOther } from '../status.ts'
import { age } from '../table.ts'
import { ingressWarnings, validateIngress, validateIngressUpdate } from './ingress-validation.ts'

function hostsCell({ spec }: Ingress): string {
  const rules = spec?.rules ?? []
  const hosts: string[] = []
  let more = false
  for (const { host } of rules) {
    if (hosts.length === 3) more = true
    if (!more && host) hosts.push(host)
  }
  if (hosts.length === 0) return '*'
  return more ? `${hosts.join(',')} + ${rules.length - 3} more...` : hosts.join(',')
}

function addressCell({ status }: Ingress): string {
  const addresses = (status?.loadBalancer?.ingress ?? []).map((i) => i.ip || i.hostname || '').filter((text) => text !== '')
  return [...new Set(addresses)].sort().join(',')
}

export const ingress = kind<Ingress>({
  gvk: 'networking.k8s.io/v1/Ingress',
  warnings: ingressWarnings,
  validate: validateIngress,
  validateUpdate: validateIngressUpdate,
  specFields: ['spec'],
  prepareForCreate: dropStatus,
  prepareForUpdate: keepOther,
  cells: (object, now) => [
    object.metadata.name,
    object.spec?.ingressClassName ?? '<none>',
    hostsCell(object),
    addressCell(object),
    (object.spec?.tls ?? []).length > 0 ? '80, 443' : '80',
    age(object, now),
  ],
})
