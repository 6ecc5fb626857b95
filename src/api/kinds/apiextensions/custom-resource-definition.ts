import { defaultDefinition } from '../../../crd/definition/defaults.ts'
import type { CustomResourceDefinition } from '../../../crd/definition/definition.ts'
import { definitionErrors, statusErrors } from '../../../crd/definition/errors.ts'
import { beginDeletion, formatWarnings, prepareCreate, prepareUpdate } from '../../../crd/definition/lifecycle.ts'
import { definitionNameRule } from '../../../crd/definition/name-errors.ts'
import { kind } from '../kind.ts'
import { keepOther } from '../status.ts'

export const customResourceDefinition = kind<CustomResourceDefinition>({
  gvk: 'apiextensions.k8s.io/v1/CustomResourceDefinition',
  specFields: ['spec'],
  allowUnconditionalUpdate: false,
  anyFinalizer: true,
  beginDeletion: (definition, now) => void Object.assign(definition, beginDeletion(definition, now)),
  defaults: (definition) => void Object.assign(definition, defaultDefinition(definition)),
  prepareForCreate: (definition) => void Object.assign(definition, { status: prepareCreate(definition).status }),
  prepareForUpdate: (definition, old, context) => {
    keepOther(definition, old, context)
    if (context.subresource === '') Object.assign(definition, { status: prepareUpdate(definition, old).status })
  },
  nameRule: (name, definition) => definitionNameRule(definition)(name),
  validate: (definition) => definitionErrors(definition),
  validateUpdate: (definition, old, { subresource }) =>
    subresource === 'status' ? statusErrors(definition) : definitionErrors(definition, old),
  warnings: (definition, old) => formatWarnings(definition, old),
})
