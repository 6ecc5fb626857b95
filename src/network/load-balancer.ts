import type { Service } from '../apimachinery/kinds.generated.ts'
import { services } from '../apimachinery/resources.generated.ts'
import { type Controller, defineController } from '../operators/controller.ts'
import { writeStatus } from '../operators/status.ts'

type Ingress = NonNullable<NonNullable<NonNullable<Service['status']>['loadBalancer']>['ingress']>

/** Services of type LoadBalancer are reached on the addresses of the nodes; those of another loadBalancerClass are left to others. */
export const loadBalancerController = (nodeAddresses: readonly string[]): Controller =>
  defineController<Service>({
    name: 'service-load-balancer',
    for: services,
    when: (now, before) =>
      now !== undefined && (before === undefined || now.metadata.resourceVersion !== before.metadata.resourceVersion),
    reconcile: async (service, { client, event }) => {
      const ingress = decideIngress(service, nodeAddresses)
      if (!ingress) return undefined
      await writeStatus(client, services, service, { ...service.status, loadBalancer: ingress.length > 0 ? { ingress } : {} })
      if (ingress.length > 0) event(service, 'Normal', 'EnsuredLoadBalancer', `Reached at ${ingress.map((i) => i.ip).join(', ')}`)
      return undefined
    },
  })

/** The ingress that `service` must show; undefined when it shows it already, or is not ours. Pure. */
function decideIngress({ spec, status }: Service, nodeAddresses: readonly string[]): Ingress | undefined {
  if (spec?.loadBalancerClass) return undefined
  const current = status?.loadBalancer?.ingress ?? []
  const wanted = spec?.type === 'LoadBalancer' ? chosen(spec.loadBalancerIP, nodeAddresses) : []
  const isSame = current.length === wanted.length && wanted.every((ip, i) => current[i]?.ip === ip)
  return isSame ? undefined : wanted.map((ip) => ({ ip, ipMode: 'VIP' }))
}

/** One address when the Service asks for one that we have. */
const chosen = (asked: string | undefined, nodeAddresses: readonly string[]): readonly string[] =>
  asked && nodeAddresses.includes(asked) ? [asked] : nodeAddresses
