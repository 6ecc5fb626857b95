import { forbiddenField, invalid, required } from '../../apimachinery/field-error.ts'
import type { LabelSelectorObject } from '../../apimachinery/label-selector.ts'
import { isLabelValue } from '../../apimachinery/names.ts'
import { checkQualifiedName, type Errors, pushInvalid } from './errors.ts'
import { validateLabels } from './meta.ts'

/** metav1 ValidateLabelSelector. `anyValue` lets values be no label values, where stored objects have such. */
export function validateLabelSelector(
  selector: LabelSelectorObject | undefined | null,
  at: string,
  errors: Errors,
  anyValue = false,
): void {
  if (!selector) return
  validateLabels(selector.matchLabels, `${at}.matchLabels`, errors)
  selector.matchExpressions?.forEach((e, i) => {
    const path = `${at}.matchExpressions[${i}]`
    const values = e.values ?? []
    if (e.operator === 'In' || e.operator === 'NotIn') {
      if (values.length === 0) errors.push(required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'"))
    } else if (e.operator === 'Exists' || e.operator === 'DoesNotExist') {
      const text = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
      if (values.length > 0) errors.push(forbiddenField(`${path}.values`, text))
    } else errors.push(invalid(`${path}.operator`, e.operator ?? '', 'not a valid selector operator'))
    checkQualifiedName(e.key ?? '', `${path}.key`, errors)
    if (!anyValue)
      values.forEach((value, j) => {
        pushInvalid(errors, `${path}.values[${j}]`, value, isLabelValue(value))
      })
  })
}

/** Whether a stored selector already has a value that is no label value. */
export const hasInvalidValue = (selector: LabelSelectorObject | undefined): boolean =>
  selector?.matchExpressions?.some((e) => e.values?.some((v) => isLabelValue(v).length > 0)) ?? false

/** Whether a selector says nothing. */
export const isEmptySelector = (selector: LabelSelectorObject | undefined): boolean =>
  Object.keys(selector?.matchLabels ?? {}).length === 0 && (selector?.matchExpressions ?? []).length === 0
