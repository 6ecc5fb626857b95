import { duplicate, type FieldError } from '../../../apimachinery/field-error.ts'
import type { RuntimeClass, Toleration } from '../../../apimachinery/kinds.generated.ts'
import { isDns1123Label } from '../../../apimachinery/names.ts'
import { checkUnchanged, type Errors, pushInvalid, requireText } from '../errors.ts'
import { validateLabels } from '../meta.ts'
import { validateRequirements } from '../pod-spec/resources.ts'
import { validateTolerations } from '../pod-spec/tolerations.ts'

function checkTwice(tolerations: readonly Toleration[], at: string, errors: Errors): void {
  const seen = new Set<string>()
  for (const [i, { key = '', operator = '', value = '', effect = '', tolerationSeconds }] of tolerations.entries()) {
    const text = JSON.stringify([key, operator, value, effect])
    const shown = { Key: key, Operator: operator, Value: value, Effect: effect, TolerationSeconds: tolerationSeconds ?? null }
    if (seen.has(text)) errors.push(duplicate(`${at}[${i}]`, shown))
    seen.add(text)
  }
}

export function validateRuntimeClass({ handler, overhead, scheduling }: RuntimeClass): FieldError[] {
  const errors: Errors = []
  if (requireText(handler, 'handler', errors)) pushInvalid(errors, 'handler', handler, isDns1123Label(handler))
  if (overhead) validateRequirements({ limits: overhead.podFixed ?? {} }, 'overhead', errors, { claims: new Set() })
  if (!scheduling) return errors
  validateLabels(scheduling.nodeSelector, 'scheduling.nodeSelector', errors)
  validateTolerations(scheduling.tolerations ?? [], 'scheduling.tolerations', errors)
  checkTwice(scheduling.tolerations ?? [], 'scheduling.tolerations', errors)
  return errors
}

export function validateRuntimeClassUpdate(now: RuntimeClass, old: RuntimeClass): FieldError[] {
  const errors: Errors = [...validateRuntimeClass(now)]
  checkUnchanged(now.handler, old.handler, 'handler', errors, 'string')
  return errors
}
