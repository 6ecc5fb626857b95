import { type FieldError, invalid, required } from '../../../apimachinery/field-error.ts'
import type { Event } from '../../../apimachinery/kinds.generated.ts'
import { isDns1123Subdomain, isLonger } from '../../../apimachinery/names.ts'
import type { Steps } from '../../../apimachinery/steps.ts'
import { checkQualifiedName, checkUnchanged, type Errors, isSame, pushInvalid } from '../errors.ts'
import type { KindContext } from '../kind.ts'
import { validateObjectMeta } from '../meta.ts'

const isNew = ({ requested }: KindContext): boolean => requested === 'events.k8s.io/v1/Event'

/** What both versions ask (legacyValidateEvent). */
function validateBoth(event: Event, context: KindContext): Errors {
  const errors: Errors = []
  const { namespace = '' } = event.metadata
  const of = event.involvedObject?.namespace ?? ''
  const free = event.eventTime ? ['default', 'kube-system'] : ['default', '']
  const matches = of === '' ? free.includes(namespace) : event.eventTime || of === namespace
  if (!matches) errors.push(invalid('involvedObject.namespace', of, 'does not match event.namespace'))
  if (event.eventTime) validateReporting(event, isNew(context) ? 'reportingController' : 'reportingComponent', errors)
  pushInvalid(errors, 'namespace', namespace, isDns1123Subdomain(namespace))
  return errors
}

function validateReporting(event: Event, controllerField: string, errors: Errors): void {
  const { reportingComponent: controller = '', reportingInstance = '', action = '', reason = '', message = '' } = event
  const limited = (field: string, value: string, max: number) => {
    if (isLonger(value, max)) errors.push(invalid(field, '', `can have at most ${max} characters`))
  }
  if (!controller) errors.push(required(controllerField))
  checkQualifiedName(controller, controllerField, errors)
  if (!reportingInstance) errors.push(required('reportingInstance'))
  limited('reportingInstance', reportingInstance, 128)
  if (!action) errors.push(required('action'))
  limited('action', action, 128)
  if (!reason) errors.push(required('reason'))
  limited('reason', reason, 128)
  limited('message', message, 1024)
}

function validateSeries({ series }: Event, errors: Errors): void {
  if (!series) return
  if ((series.count ?? 0) < 2) errors.push(invalid('series.count', '', 'should be at least 2'))
  if (!series.lastObservedTime) errors.push(required('series.lastObservedTime'))
}

export function* validateEvent(event: Event, context: KindContext): Steps<FieldError[]> {
  const errors = validateBoth(event, context)
  if (!isNew(context)) return errors
  errors.push(...(yield* validateObjectMeta(event.metadata, undefined, { namespaced: true })))
  validateSeries(event, errors)
  if (!event.eventTime) errors.push(required('eventTime'))
  if (event.type !== 'Normal' && event.type !== 'Warning') {
    errors.push(invalid('type', '', `has invalid value: ${event.type ?? ''}`))
  }
  const unset = (field: string, value: unknown) => {
    if (value) errors.push(invalid(field, '', 'needs to be unset'))
  }
  unset('firstTimestamp', event.firstTimestamp)
  unset('lastTimestamp', event.lastTimestamp)
  unset('count', event.count)
  unset('source', event.source?.component || event.source?.host)
  return errors
}

const unchanging: readonly (readonly [keyof Event, string, string?])[] = [
  ['involvedObject', 'core.ObjectReference'],
  ['reason', 'string'],
  ['message', 'string'],
  ['source', 'core.EventSource'],
  ['firstTimestamp', 'Time'],
  ['lastTimestamp', 'Time'],
  ['count', 'int32'],
  ['reason', 'string'],
  ['type', 'string'],
  ['eventTime', 'MicroTime'],
  ['action', 'string'],
  ['related', '*core.ObjectReference'],
  ['reportingComponent', 'string', 'reportingController'],
  ['reportingInstance', 'string'],
]

export function* validateEventUpdate(event: Event, old: Event, context: KindContext): Steps<FieldError[]> {
  const errors = validateBoth(event, context)
  if (!isNew(context)) return errors
  errors.push(...(yield* validateObjectMeta(event.metadata, old.metadata, { namespaced: true })))
  if (!isSame(event.series, old.series)) validateSeries(event, errors)
  for (const [field, type, name = field] of unchanging) checkUnchanged(event[field], old[field], name, errors, type)
  return errors
}
