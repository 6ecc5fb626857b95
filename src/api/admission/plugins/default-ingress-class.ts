import type { Ingress, IngressClass } from '../../../apimachinery/kinds.generated.ts'
import { ingressclasses } from '../../../apimachinery/resources.generated.ts'
import type { Objects } from '../../objects.ts'
import type { AdmissionPlugin } from '../admission.ts'
import { isResource } from '../refusal.ts'

/** An Ingress that names no class gets the default one, when there is one. */
export const defaultIngressClass = (objects: Objects): AdmissionPlugin => ({
  name: 'DefaultIngressClass',
  mutate: (request) => {
    if (request.operation !== 'CREATE' || !isResource(request, 'networking.k8s.io', 'ingresses') || request.subresource !== '')
      return
    const { spec, metadata } = request.object as Ingress
    if (!spec || spec.ingressClassName !== undefined || metadata.annotations?.['kubernetes.io/ingress.class'] !== undefined)
      return
    const made = (c: IngressClass): number => Date.parse(c.metadata.creationTimestamp ?? '') || 0
    const [chosen] = objects
      .list(ingressclasses)
      .filter((c) => c.metadata.annotations?.['ingressclass.kubernetes.io/is-default-class'] === 'true')
      .sort((a, b) => made(b) - made(a) || ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1))
    if (chosen?.metadata.name) spec.ingressClassName = chosen.metadata.name
  },
})
