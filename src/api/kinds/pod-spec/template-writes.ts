import type { PodTemplateSpec } from '../../../apimachinery/kinds.generated.ts'
import type { KubeObject } from '../../../apimachinery/object.ts'
import type { KindContext } from '../kind.ts'
import { dropStatus, keepOther } from '../status.ts'
import { dropDisabledTemplateFields } from './disabled-fields.ts'

interface Templated extends KubeObject {
  spec?: { template?: PodTemplateSpec }
  status?: object
}

/** What kinds with a pod template do before a create: the status is the controller's, and what no feature is on for is dropped. */
export function prepareNewTemplated(object: Templated): void {
  dropStatus(object)
  dropDisabledTemplateFields(object.spec?.template)
}

/** And before an update of the object or its status. */
export function prepareTemplated(object: Templated, old: Templated, context: KindContext): void {
  keepOther(object, old, context)
  dropDisabledTemplateFields(object.spec?.template, old.spec?.template)
}
