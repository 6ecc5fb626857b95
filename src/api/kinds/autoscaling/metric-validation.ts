import { forbiddenField, invalid, notSupported, required } from '../../../apimachinery/field-error.ts'
import type { MetricSpec, MetricTarget } from '../../../apimachinery/kinds.generated.ts'
import { isPathSegmentName } from '../../../apimachinery/names.ts'
import { signOf } from '../../../apimachinery/quantity.ts'
import { checkLabel, type Errors, pushInvalid, requireText } from '../errors.ts'
import { checkContainerResource } from '../pod-spec/resources.ts'
import { validateObjectReference } from './object-reference.ts'

const types = ['ContainerResource', 'External', 'Object', 'Pods', 'Resource']
/** In the order Kubernetes looks at them: of several, only the first is validated. */
const sources = ['object', 'external', 'pods', 'resource', 'containerResource'] as const
const sourceOf: ReadonlyMap<string, (typeof sources)[number]> = new Map([
  ['Object', 'object'],
  ['External', 'external'],
  ['Pods', 'pods'],
  ['Resource', 'resource'],
  ['ContainerResource', 'containerResource'],
])

const noTarget: MetricTarget = { type: '' as MetricTarget['type'] }

function validateTarget(target: MetricTarget, at: string, errors: Errors): void {
  const { type, value, averageValue, averageUtilization } = target
  if (!type) errors.push(required(`${at}.type`, 'must specify a metric target type'))
  if (type !== 'Utilization' && type !== 'Value' && type !== 'AverageValue') {
    errors.push(invalid(`${at}.type`, type ?? '', 'must be either Utilization, Value, or AverageValue'))
  }
  if (value !== undefined && signOf(value) !== 1) errors.push(invalid(`${at}.value`, value, 'must be positive'))
  if (averageValue !== undefined && signOf(averageValue) !== 1) {
    errors.push(invalid(`${at}.averageValue`, averageValue, 'must be positive'))
  }
  if (averageUtilization !== undefined && averageUtilization < 1) {
    errors.push(invalid(`${at}.averageUtilization`, averageUtilization, 'must be greater than 0'))
  }
}

function validateName(metric: { name?: string } | undefined, at: string, errors: Errors): void {
  const name = metric?.name
  if (requireText(name, `${at}.name`, errors, 'must specify a metric name')) {
    pushInvalid(errors, `${at}.name`, name, isPathSegmentName(name ?? ''))
  }
}

function validateUtilization(target: MetricTarget, at: string, errors: Errors): void {
  validateTarget(target, at, errors)
  const { averageUtilization, averageValue } = target
  if (averageUtilization === undefined && averageValue === undefined) {
    errors.push(required(`${at}.averageUtilization`, 'must set either a target raw value or a target utilization'))
  } else if (averageUtilization !== undefined && averageValue !== undefined) {
    errors.push(forbiddenField(`${at}.averageValue`, 'may not set both a target raw value and a target utilization'))
  }
}

function validateExternal(source: NonNullable<MetricSpec['external']>, at: string, errors: Errors): void {
  validateName(source.metric, `${at}.metric`, errors)
  const target = source.target ?? noTarget
  validateTarget(target, `${at}.target`, errors)
  const { value, averageValue } = target
  if (value === undefined && averageValue === undefined) {
    const text = 'must set either a target value for metric or a per-pod target'
    errors.push(required(`${at}.target.averageValue`, text))
  } else if (value !== undefined && averageValue !== undefined) {
    errors.push(forbiddenField(`${at}.target.value`, 'may not set both a target value for metric and a per-pod target'))
  }
}

function validateObject(source: NonNullable<MetricSpec['object']>, anyVersion: boolean, at: string, errors: Errors): void {
  const needsGroup = anyVersion ? undefined : false
  validateObjectReference(source.describedObject ?? {}, needsGroup, `${at}.describedObject`, errors)
  validateName(source.metric, `${at}.metric`, errors)
  const target = source.target ?? noTarget
  validateTarget(target, `${at}.target`, errors)
  if (target.value === undefined && target.averageValue === undefined) {
    errors.push(required(`${at}.target.averageValue`, 'must set either a target value or averageValue'))
  }
}

function validatePods(source: NonNullable<MetricSpec['pods']>, at: string, errors: Errors): void {
  validateName(source.metric, `${at}.metric`, errors)
  const target = source.target ?? noTarget
  validateTarget(target, `${at}.target`, errors)
  if (target.averageValue === undefined) {
    errors.push(required(`${at}.target.averageValue`, 'must specify a positive target averageValue'))
  }
}

function validateContainer(source: NonNullable<MetricSpec['containerResource']>, at: string, errors: Errors): void {
  if (requireText(source.name, `${at}.name`, errors, 'must specify a resource name')) {
    checkContainerResource(source.name, `${at}.name`, errors)
  }
  if (requireText(source.container, `${at}.container`, errors, 'must specify a container')) {
    checkLabel(source.container, `${at}.container`, errors)
  }
  validateUtilization(source.target ?? noTarget, `${at}.target`, errors)
}

function validateSource(spec: MetricSpec, anyVersion: boolean, at: string, errors: Errors): void {
  if (spec.object) validateObject(spec.object, anyVersion, `${at}.object`, errors)
  else if (spec.external) validateExternal(spec.external, `${at}.external`, errors)
  else if (spec.pods) validatePods(spec.pods, `${at}.pods`, errors)
  else if (spec.resource) {
    requireText(spec.resource.name, `${at}.resource.name`, errors, 'must specify a resource name')
    validateUtilization(spec.resource.target ?? noTarget, `${at}.resource.target`, errors)
  } else if (spec.containerResource) validateContainer(spec.containerResource, `${at}.containerResource`, errors)
}

export function validateMetric(spec: MetricSpec, anyVersion: boolean, at: string, errors: Errors): void {
  const type: string = spec.type ?? ''
  const wanted = sourceOf.get(type)
  if (!type) errors.push(required(`${at}.type`, 'must specify a metric source type'))
  if (!wanted) errors.push(notSupported(`${at}.type`, type, types))
  validateSource(spec, anyVersion, at, errors)
  if (!wanted) errors.push(notSupported(`${at}.type`, type, types))
  else if (!spec[wanted]) {
    errors.push(required(`${at}.${wanted}`, 'must populate information for the given metric source'))
  }
  const present = sources.filter((source) => spec[source])
  if (present.length === 1) return
  for (const source of present) {
    if (source !== wanted) errors.push(forbiddenField(`${at}.${source}`, 'must populate the given metric source only'))
  }
}
