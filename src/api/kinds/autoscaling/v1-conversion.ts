import type {
  MetricSpec,
  MetricStatus,
  AutoscalingV1HorizontalPodAutoscaler as V1,
  HorizontalPodAutoscaler as V2,
} from '../../../apimachinery/kinds.generated.ts'

/** What v1 has no fields for travels in annotations (pkg/apis/autoscaling/v1/conversion.go). */
const metricsAnnotation = 'autoscaling.alpha.kubernetes.io/metrics'
const currentMetricsAnnotation = 'autoscaling.alpha.kubernetes.io/current-metrics'
const behaviorAnnotation = 'autoscaling.alpha.kubernetes.io/behavior'
const conditionsAnnotation = 'autoscaling.alpha.kubernetes.io/conditions'
export const roundTrip = [metricsAnnotation, currentMetricsAnnotation, behaviorAnnotation, conditionsAnnotation]

type Json = Record<string, unknown>
type Target = { type?: string; value?: string; averageValue?: string; averageUtilization?: number }

const isCpuUtilization = (m: MetricSpec): boolean =>
  m.type === 'Resource' && m.resource?.name === 'cpu' && m.resource.target?.averageUtilization != null

/** Without what is undefined. */
function compact(object: Json): Json {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined))
}

function without(annotations: Record<string, string> | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(annotations ?? {}).filter(([key]) => !roundTrip.includes(key)))
}

/** The v1 form of a stored (v2) autoscaler. */
export function toV1(hpa: V2): V1 {
  const { spec, status, metadata } = hpa
  const metrics = spec?.metrics ?? []
  const added: Record<string, string> = {}
  const others = metrics.filter((m) => !isCpuUtilization(m))
  if (others.length > 0) added[metricsAnnotation] = JSON.stringify(others.map(metricToV1))
  if (status?.currentMetrics?.length) added[currentMetricsAnnotation] = JSON.stringify(status.currentMetrics.map(currentToV1))
  if (spec?.behavior) added[behaviorAnnotation] = JSON.stringify(behaviorToInternal(spec.behavior))
  if (status?.conditions?.length) added[conditionsAnnotation] = JSON.stringify(status.conditions)
  const annotations = { ...without(metadata.annotations), ...added }
  const cpu = metrics.find(isCpuUtilization)?.resource?.target?.averageUtilization
  const current = status?.currentMetrics?.findLast((m) => m.type === 'Resource' && m.resource?.name === 'cpu')
  return {
    apiVersion: 'autoscaling/v1',
    kind: 'HorizontalPodAutoscaler',
    metadata: { ...metadata, ...(Object.keys(annotations).length > 0 ? { annotations } : {}) },
    spec: compact({
      scaleTargetRef: spec?.scaleTargetRef,
      minReplicas: spec?.minReplicas,
      maxReplicas: spec?.maxReplicas,
      targetCPUUtilizationPercentage: cpu,
    }) as unknown as V1['spec'],
    status: compact({
      observedGeneration: status?.observedGeneration,
      lastScaleTime: status?.lastScaleTime,
      currentReplicas: status?.currentReplicas ?? 0,
      desiredReplicas: status?.desiredReplicas ?? 0,
      currentCPUUtilizationPercentage: current?.resource?.current?.averageUtilization,
    }) as unknown as NonNullable<V1['status']>,
  }
}

/** The stored (v2) form of a v1 autoscaler. */
export function fromV1(hpa: V1): V2 {
  const { spec, status, metadata } = hpa
  const known = metadata.annotations ?? {}
  const metrics = parseList(known[metricsAnnotation]).map(metricFromV1)
  if (spec?.targetCPUUtilizationPercentage != null) metrics.push(cpuMetric(spec.targetCPUUtilizationPercentage))
  if (metrics.length === 0) metrics.push(cpuMetric(80))
  const behavior = behaviorFromInternal(parseObject(known[behaviorAnnotation]))
  const annotated = known[currentMetricsAnnotation] === undefined ? undefined : parseList(known[currentMetricsAnnotation])
  const cpu = status?.currentCPUUtilizationPercentage
  const currentMetrics = annotated?.map(currentFromV1) ?? (cpu == null ? undefined : [cpuStatus(cpu)])
  const conditions = parseList(known[conditionsAnnotation])
  const kept = without(metadata.annotations)
  const meta = { ...metadata }
  if (Object.keys(kept).length > 0) meta.annotations = kept
  else delete meta.annotations
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: meta,
    spec: compact({
      scaleTargetRef: spec?.scaleTargetRef,
      minReplicas: spec?.minReplicas,
      maxReplicas: spec?.maxReplicas ?? 0,
      metrics,
      behavior,
    }) as unknown as NonNullable<V2['spec']>,
    status: compact({
      observedGeneration: status?.observedGeneration,
      lastScaleTime: status?.lastScaleTime,
      currentReplicas: status?.currentReplicas || undefined,
      desiredReplicas: status?.desiredReplicas ?? 0,
      currentMetrics: currentMetrics ?? null,
      conditions: conditions.length > 0 ? conditions : undefined,
    }) as unknown as NonNullable<V2['status']>,
  }
}

const cpuMetric = (percent: number): MetricSpec => ({
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: percent } },
})
const cpuStatus = (percent: number): MetricStatus => ({
  type: 'Resource',
  resource: { name: 'cpu', current: { averageUtilization: percent } },
})

function parse(text: string | undefined): unknown {
  if (text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch {
    // A broken annotation counts as none, as in Kubernetes.
    return undefined
  }
}
const parseList = (text: string | undefined): Json[] => {
  const value = parse(text)
  return Array.isArray(value) ? (value as Json[]) : []
}
const parseObject = (text: string | undefined): Json | undefined => {
  const value = parse(text)
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined
}

function metricToV1(m: MetricSpec): Json {
  const pods = m.pods && {
    metricName: m.pods.metric?.name ?? '',
    targetAverageValue: m.pods.target?.averageValue ?? '0',
    selector: m.pods.metric?.selector,
  }
  const object = m.object && {
    target: m.object.describedObject,
    metricName: m.object.metric?.name ?? '',
    targetValue: m.object.target?.value ?? '0',
    selector: m.object.metric?.selector,
    averageValue: m.object.target?.averageValue,
  }
  const external = m.external && {
    metricName: m.external.metric?.name ?? '',
    metricSelector: m.external.metric?.selector,
    targetValue: m.external.target?.value,
    targetAverageValue: m.external.target?.averageValue,
  }
  return compact({
    type: m.type,
    object: object && compact(object),
    pods: pods && compact(pods),
    resource: m.resource && resourceToV1(m.resource),
    containerResource:
      m.containerResource && compact({ ...resourceToV1(m.containerResource), container: m.containerResource.container }),
    external: external && compact(external),
  })
}

const resourceToV1 = (r: { name: string; target?: Target }): Json =>
  compact({
    name: r.name,
    targetAverageUtilization: r.target?.averageUtilization,
    targetAverageValue: r.target?.averageValue,
  })

function metricFromV1(m: Json): MetricSpec {
  const { type, object, pods, resource, containerResource, external } = m as Record<string, Json | undefined>
  return compact({
    type,
    object: object && {
      describedObject: object.target,
      target:
        object.averageValue === undefined
          ? { type: 'Value', value: object.targetValue }
          : { type: 'AverageValue', averageValue: object.averageValue },
      metric: compact({ name: object.metricName, selector: object.selector }),
    },
    pods: pods && {
      metric: compact({ name: pods.metricName, selector: pods.selector }),
      target: { type: 'AverageValue', averageValue: pods.targetAverageValue },
    },
    resource: resource && { name: resource.name, target: resourceTarget(resource) },
    containerResource: containerResource && {
      name: containerResource.name,
      container: containerResource.container,
      target: resourceTarget(containerResource),
    },
    external: external && {
      metric: compact({ name: external.metricName, selector: external.metricSelector }),
      target: compact({
        type: external.targetValue === undefined ? 'AverageValue' : 'Value',
        value: external.targetValue,
        averageValue: external.targetAverageValue,
      }),
    },
  }) as unknown as MetricSpec
}

const resourceTarget = (r: Json): Json =>
  compact({
    type: r.targetAverageUtilization === undefined ? 'AverageValue' : 'Utilization',
    averageValue: r.targetAverageValue,
    averageUtilization: r.targetAverageUtilization,
  })

function currentToV1(m: MetricStatus): Json {
  const resource = m.resource && {
    name: m.resource.name,
    currentAverageUtilization: m.resource.current?.averageUtilization,
    currentAverageValue: m.resource.current?.averageValue ?? '0',
  }
  const pods = m.pods && {
    metricName: m.pods.metric?.name ?? '',
    currentAverageValue: m.pods.current?.averageValue ?? '0',
    selector: m.pods.metric?.selector,
  }
  const object = m.object && {
    target: m.object.describedObject,
    metricName: m.object.metric?.name ?? '',
    currentValue: m.object.current?.value ?? '0',
    selector: m.object.metric?.selector,
    averageValue: m.object.current?.averageValue,
  }
  const external = m.external && {
    metricName: m.external.metric?.name ?? '',
    metricSelector: m.external.metric?.selector,
    currentValue: m.external.current?.value ?? '0',
    currentAverageValue: m.external.current?.averageValue,
  }
  return compact({
    type: m.type,
    object: object && compact(object),
    pods: pods && compact(pods),
    resource: resource && compact(resource),
    external: external && compact(external),
  })
}

function currentFromV1(m: Json): MetricStatus {
  const { type, object, pods, resource, external } = m as Record<string, Json | undefined>
  return compact({
    type,
    object: object && {
      describedObject: object.target,
      metric: compact({ name: object.metricName, selector: object.selector }),
      current: compact({ value: object.currentValue, averageValue: object.averageValue }),
    },
    pods: pods && {
      metric: compact({ name: pods.metricName, selector: pods.selector }),
      current: { averageValue: pods.currentAverageValue },
    },
    resource: resource && {
      name: resource.name,
      current: compact({
        averageValue: resource.currentAverageValue,
        averageUtilization: resource.currentAverageUtilization,
      }),
    },
    external: external && {
      metric: compact({ name: external.metricName, selector: external.metricSelector }),
      current: compact({ value: external.currentValue, averageValue: external.currentAverageValue }),
    },
  }) as unknown as MetricStatus
}

type Behavior = NonNullable<NonNullable<V2['spec']>['behavior']>

/** The behavior annotation holds Go's internal type: its fields are capitalized and none is left out. */
function behaviorToInternal(behavior: Behavior): Json {
  const rules = (r: Behavior['scaleUp']): Json | null =>
    r
      ? {
          StabilizationWindowSeconds: r.stabilizationWindowSeconds ?? null,
          SelectPolicy: r.selectPolicy ?? null,
          Policies: r.policies?.map((p) => ({ Type: p.type, Value: p.value, PeriodSeconds: p.periodSeconds })) ?? null,
          Tolerance: r.tolerance ?? null,
        }
      : null
  return { ScaleUp: rules(behavior.scaleUp), ScaleDown: rules(behavior.scaleDown) }
}

function behaviorFromInternal(internal: Json | undefined): Json | undefined {
  if (!internal || (!internal.ScaleUp && !internal.ScaleDown)) return undefined
  const rules = (value: unknown): Json | undefined => {
    if (typeof value !== 'object' || value === null) return undefined
    const r = value as Json
    const policies = Array.isArray(r.Policies) ? (r.Policies as Json[]) : undefined
    return compact({
      stabilizationWindowSeconds: r.StabilizationWindowSeconds ?? undefined,
      selectPolicy: r.SelectPolicy ?? undefined,
      policies: policies?.map((p) => ({ type: p.Type, value: p.Value, periodSeconds: p.PeriodSeconds })),
      tolerance: r.Tolerance ?? undefined,
    })
  }
  return compact({ scaleUp: rules(internal.ScaleUp), scaleDown: rules(internal.ScaleDown) })
}
