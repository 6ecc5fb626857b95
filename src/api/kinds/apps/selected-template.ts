import { forbiddenField, invalid, notSupported, required } from '../../../apimachinery/field-error.ts'
import type { PodTemplateSpec } from '../../../apimachinery/kinds.generated.ts'
import type { Labels } from '../../../apimachinery/label-selector.ts'
import { type LabelSelectorObject, matchesRequirements, SelectorError, selectorOf } from '../../../apimachinery/label-selector.ts'
import { internal } from '../../schema/internal.ts'
import type { Errors } from '../errors.ts'
import { isEmptySelector, validateLabelSelector } from '../selector.ts'

export const emptyTemplate: PodTemplateSpec = { metadata: {} }
export const mismatchText = '`selector` does not match template `labels`'

/** Whether a selector selects these labels; undefined when it is no selector. No selector selects nothing. */
export function selects(selector: LabelSelectorObject | undefined, labels: Labels | undefined): boolean | undefined {
  if (!selector) return false
  try {
    return matchesRequirements(selectorOf(selector), labels)
  } catch (error) {
    if (error instanceof SelectorError) return undefined
    throw error
  }
}

/** A selector that must be given and say something. */
export function requireSelector(selector: LabelSelectorObject | undefined, emptyText: string, errors: Errors): void {
  if (!selector) {
    errors.push(required('spec.selector'))
    return
  }
  validateLabelSelector(selector, 'spec.selector', errors)
  if (isEmptySelector(selector)) errors.push(invalid('spec.selector', internal('*meta/v1.LabelSelector', selector), emptyText))
}

/** Pods of a workload that keeps them running. */
export function requireEndless(template: PodTemplateSpec, kind: string, errors: Errors): void {
  const policy = template.spec?.restartPolicy
  if (policy !== 'Always') errors.push(notSupported('spec.template.spec.restartPolicy', policy ?? '', ['Always']))
  if (template.spec?.activeDeadlineSeconds != null) {
    const text = `activeDeadlineSeconds in ${kind} is not Supported`
    errors.push(forbiddenField('spec.template.spec.activeDeadlineSeconds', text))
  }
}
