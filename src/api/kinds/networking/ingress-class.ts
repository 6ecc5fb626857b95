import type { IngressClass } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'
import { age } from '../table.ts'
import { validateIngressClass, validateIngressClassUpdate } from './ingress-class-validation.ts'

function parametersCell({ spec }: IngressClass): string {
  const parameters = spec?.parameters
  if (!parameters) return '<none>'
  const type = parameters.apiGroup === undefined ? parameters.kind : `${parameters.kind}.${parameters.apiGroup}`
  return `${type}/${parameters.name}`
}

const isDefault = ({ metadata }: IngressClass): boolean =>
  metadata.annotations?.['ingressclass.kubernetes.io/is-default-class'] === 'true'

export const ingressClass = kind<IngressClass>({
  gvk: 'networking.k8s.io/v1/IngressClass',
  validate: validateIngressClass,
  validateUpdate: validateIngressClassUpdate,
  specFields: ['spec'],
  defaults: ({ spec }) => {
    if (spec?.parameters) spec.parameters.scope ??= 'Cluster'
  },
  cells: (object, now) => [
    isDefault(object) ? `${object.metadata.name} (default)` : object.metadata.name,
    object.spec?.controller ?? '',
    parametersCell(object),
    age(object, now),
  ],
})
