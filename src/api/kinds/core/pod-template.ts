import type { FieldError } from '../../../apimachinery/field-error.ts'
import type { PodTemplate } from '../../../apimachinery/kinds.generated.ts'
import type { Steps } from '../../../apimachinery/steps.ts'
import { kind } from '../kind.ts'
import { defaultPodTemplate } from '../pod-spec/defaults.ts'
import { dropDisabledTemplateFields } from '../pod-spec/disabled-fields.ts'
import type { PodRules } from '../pod-spec/options.ts'
import { rulesOfTemplate } from '../pod-spec/rules-of.ts'
import { validatePodTemplate } from '../pod-spec/validate.ts'
import { workloadWarnings } from '../pod-spec/warnings.ts'
import { containerCells, labelsText } from '../table.ts'

function* validate(template: PodTemplate['template'], rules: PodRules): Steps<FieldError[]> {
  const errors: FieldError[] = []
  yield* validatePodTemplate(template ?? { metadata: {} }, 'template', rules, errors)
  return errors
}

export const podTemplate = kind<PodTemplate>({
  gvk: 'v1/PodTemplate',
  warnings: workloadWarnings(({ template }) => template, 'template', false),
  specFields: ['template'],
  validate: ({ template }) => validate(template, rulesOfTemplate()),
  validateUpdate: ({ template }, old) => validate(template, rulesOfTemplate(old.template)),
  prepareForCreate: ({ template }) => dropDisabledTemplateFields(template),
  prepareForUpdate: ({ template }, old) => dropDisabledTemplateFields(template, old.template),
  defaults: (object) => defaultPodTemplate(object.template),
  cells: (object) => [
    object.metadata.name,
    ...containerCells(object.template?.spec),
    labelsText(object.template?.metadata?.labels),
  ],
})
