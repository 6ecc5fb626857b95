import type { MetricSpec, MetricStatus } from '../../../apimachinery/kinds.generated.ts'

const unknown = '<unknown>'

type Target = { averageValue?: string; value?: string; averageUtilization?: number } | undefined

const valueCell = (target: Target, current: Target): string =>
  target?.averageValue !== undefined
    ? `${current?.averageValue ?? unknown}/${target.averageValue} (avg)`
    : `${current === undefined ? unknown : (current.value ?? '<nil>')}/${target?.value ?? '<nil>'}`

function resourceCell(name: string, target: Target, current: Target): string {
  if (target?.averageValue !== undefined) {
    return `${name}: ${current === undefined ? unknown : (current.averageValue ?? '<nil>')}/${target.averageValue}`
  }
  const now = current?.averageUtilization === undefined ? unknown : `${current.averageUtilization}%`
  return `${name}: ${now}/${target?.averageUtilization === undefined ? '<auto>' : `${target.averageUtilization}%`}`
}

function metricCell(spec: MetricSpec, status: MetricStatus | undefined): string {
  switch (spec.type) {
    case 'External':
      return valueCell(spec.external?.target, status?.external?.current)
    case 'Object':
      return valueCell(spec.object?.target, status?.object?.current)
    case 'Pods':
      return `${status?.pods ? (status.pods.current?.averageValue ?? '<nil>') : unknown}/${spec.pods?.target?.averageValue ?? '<nil>'}`
    case 'Resource':
      return resourceCell(spec.resource?.name ?? '', spec.resource?.target, status?.resource?.current)
    case 'ContainerResource':
      return resourceCell(spec.containerResource?.name ?? '', spec.containerResource?.target, status?.containerResource?.current)
    default:
      return '<unknown type>'
  }
}

/** `cpu: 10%/80%, 5/10 + 1 more...`: the first two metrics. */
export function metricsCell(specs: readonly MetricSpec[] = [], statuses: readonly MetricStatus[] = []): string {
  if (specs.length === 0) return '<none>'
  const shown = specs.slice(0, 2).map((spec, i) => metricCell(spec, statuses[i]))
  return specs.length > 2 ? `${shown.join(', ')} + ${specs.length - 2} more...` : shown.join(', ')
}
