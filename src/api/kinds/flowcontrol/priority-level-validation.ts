import { type FieldError, forbiddenField, invalid, required } from '../../../apimachinery/field-error.ts'
import type {
  LimitedPriorityLevelConfiguration,
  PriorityLevelConfiguration,
  QueuingConfiguration,
} from '../../../apimachinery/kinds.generated.ts'
import { checkChoice, type Errors } from '../errors.ts'
import type { KindContext } from '../kind.ts'
import { validateConditions } from './conditions.ts'

const maxQueues = 10_000_000
const maxHashBits = 60

function validateQueuing(queuing: QueuingConfiguration, at: string, errors: Errors): void {
  const { queueLengthLimit = 0, queues = 0, handSize = 0 } = queuing
  if (queueLengthLimit <= 0) errors.push(invalid(`${at}.queueLengthLimit`, queueLengthLimit, 'must be positive'))
  if (queues <= 0) errors.push(invalid(`${at}.queues`, queues, 'must be positive'))
  else if (queues > maxQueues) errors.push(invalid(`${at}.queues`, queues, `must not be greater than ${maxQueues}`))
  const path = `${at}.handSize`
  if (handSize <= 0) errors.push(invalid(path, handSize, 'must be positive'))
  else if (handSize > queues) errors.push(invalid(path, handSize, `should not be greater than queues (${queues})`))
  else if (Math.ceil(Math.log2(queues) * handSize) > maxHashBits) {
    const text = `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${maxHashBits}`
    errors.push(invalid(path, handSize, text))
  }
}

function checkPercent(percent: number | undefined, at: string, errors: Errors): void {
  if (percent !== undefined && (percent < 0 || percent > 100)) {
    errors.push(invalid(at, percent, 'must be between 0 and 100, inclusive'))
  }
}

function checkShares(shares: number | undefined, at: string, errors: Errors): void {
  if (shares !== undefined && shares < 0) errors.push(invalid(at, shares, 'must be a non-negative integer'))
}

function validateLimited(limited: LimitedPriorityLevelConfiguration, errors: Errors): void {
  const at = 'spec.limited'
  checkShares(limited.nominalConcurrencyShares, `${at}.nominalConcurrencyShares`, errors)
  const { type, queuing } = limited.limitResponse ?? {}
  const path = `${at}.limitResponse.queuing`
  if (type === 'Reject') {
    if (queuing) errors.push(forbiddenField(path, 'must be nil if limited.limitResponse.type is not Limited'))
  } else if (type === 'Queue') {
    if (!queuing) errors.push(required(path, 'must not be empty if limited.limitResponse.type is Limited'))
    else validateQueuing(queuing, path, errors)
  } else checkChoice(type, ['Queue', 'Reject'], `${at}.limitResponse.type`, errors)
  checkPercent(limited.lendablePercent, `${at}.lendablePercent`, errors)
  const borrowing = limited.borrowingLimitPercent
  if (borrowing !== undefined && borrowing < 0) {
    errors.push(invalid(`${at}.borrowingLimitPercent`, borrowing, 'if specified, must be a non-negative integer'))
  }
}

const preserveKey = 'flowcontrol.k8s.io/preserve-zero-concurrency-shares'

export function validatePriorityLevel(level: PriorityLevelConfiguration): FieldError[] {
  const errors: Errors = []
  const { metadata, status } = level
  if (metadata.annotations?.[preserveKey] !== undefined) {
    errors.push(forbiddenField('metadata.annotations', `annotation '${preserveKey}' is forbidden`))
  }
  const { type, limited, exempt } = level.spec ?? {}
  if ((metadata.name === 'exempt') !== (type === 'Exempt')) {
    errors.push(invalid('spec.type', type ?? '', "must be 'Exempt' if and only if `name` is 'exempt'"))
  }
  if (type === 'Exempt') {
    if (limited) errors.push(forbiddenField('spec.limited', 'must be nil if the type is not Limited'))
    checkShares(exempt?.nominalConcurrencyShares, 'spec.exempt.nominalConcurrencyShares', errors)
    checkPercent(exempt?.lendablePercent, 'spec.exempt.lendablePercent', errors)
  } else if (type === 'Limited') {
    if (exempt) errors.push(forbiddenField('spec.exempt', 'must be nil if the type is Limited'))
    if (!limited) errors.push(required('spec.limited', 'must not be empty when type is Limited'))
    else validateLimited(limited, errors)
  } else checkChoice(type, ['Exempt', 'Limited'], 'spec.type', errors)
  validateConditions(status?.conditions, errors)
  return errors
}

export function validatePriorityLevelUpdate(
  level: PriorityLevelConfiguration,
  _: PriorityLevelConfiguration,
  { subresource }: KindContext,
): FieldError[] {
  if (subresource !== 'status') return validatePriorityLevel(level)
  const errors: Errors = []
  validateConditions(level.status?.conditions, errors)
  return errors
}
