import type { FlowSchema } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'
import { dropStatus, keepOtherAndAllMeta } from '../status.ts'
import { age } from '../table.ts'
import { validateFlowSchema, validateFlowSchemaUpdate } from './flow-schema-validation.ts'

export const flowSchema = kind<FlowSchema>({
  gvk: 'flowcontrol.apiserver.k8s.io/v1/FlowSchema',
  validate: validateFlowSchema,
  validateUpdate: validateFlowSchemaUpdate,
  specFields: ['spec'],
  defaults: ({ spec }) => {
    if (spec && !spec.matchingPrecedence) spec.matchingPrecedence = 1000
  },
  prepareForCreate: dropStatus,
  prepareForUpdate: keepOtherAndAllMeta,
  cells: (schema, now) => [
    schema.metadata.name,
    schema.spec?.priorityLevelConfiguration?.name ?? '',
    schema.spec?.matchingPrecedence ?? 0,
    schema.spec?.distinguisherMethod?.type ?? '<none>',
    age(schema, now),
    schema.status?.conditions?.find((c) => c.type === 'Dangling')?.status ?? '?',
  ],
})
