import { type FieldError, forbiddenField } from '../../../apimachinery/field-error.ts'
import type { PriorityClass } from '../../../apimachinery/kinds.generated.ts'
import { checkChoice, checkUnchanged, type Errors } from '../errors.ts'

const system: ReadonlyMap<string, number> = new Map([
  ['system-node-critical', 2_000_001_000],
  ['system-cluster-critical', 2_000_000_000],
])
const highest = 1_000_000_000

function systemProblem({ metadata: { name = '' }, value, globalDefault = false }: PriorityClass): string | undefined {
  const known = system.get(name)
  if (known === undefined) return `${name} is not a known system priority class`
  if (known !== value) return `value of ${name} PriorityClass must be ${known}`
  return globalDefault ? `globalDefault of ${name} PriorityClass must be false` : undefined
}

export function validatePriorityClass(c: PriorityClass): FieldError[] {
  const errors: Errors = []
  if (c.metadata.name?.startsWith('system-')) {
    const problem = systemProblem(c)
    if (problem !== undefined) {
      const text = `priority class names with 'system-' prefix are reserved for system use only. error: ${problem}`
      errors.push(forbiddenField('metadata.name', text))
    }
  } else if ((c.value ?? 0) > highest) {
    errors.push(forbiddenField('value', `maximum allowed value of a user defined priority is ${highest}`))
  }
  if (c.preemptionPolicy !== undefined) {
    checkChoice(c.preemptionPolicy, ['PreemptLowerPriority', 'Never'], 'preemptionPolicy', errors)
  }
  return errors
}

export function validatePriorityClassUpdate(c: PriorityClass, old: PriorityClass): FieldError[] {
  const errors: Errors = []
  if ((c.value ?? 0) !== (old.value ?? 0)) errors.push(forbiddenField('value', 'may not be changed in an update.'))
  checkUnchanged(c.preemptionPolicy, old.preemptionPolicy, 'preemptionPolicy', errors)
  return errors
}
