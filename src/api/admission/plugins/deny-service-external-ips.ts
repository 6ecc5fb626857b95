import type { Service } from '../../../apimachinery/kinds.generated.ts'
import type { AdmissionPlugin } from '../admission.ts'
import { isResource, isWrite, refuse } from '../refusal.ts'

/** No service gets an external address that it had not before. */
export const denyServiceExternalIps: AdmissionPlugin = {
  name: 'DenyServiceExternalIPs',
  validate: (request) => {
    if (!isWrite(request) || !isResource(request, '', 'services') || request.subresource !== '') return
    const before = new Set((request.oldObject as Service | undefined)?.spec?.externalIPs ?? [])
    const wanted = (request.object as Service).spec?.externalIPs ?? []
    if (!wanted.every((ip) => before.has(ip))) throw refuse(request, 'Use of external IPs is denied by admission control')
  },
}
