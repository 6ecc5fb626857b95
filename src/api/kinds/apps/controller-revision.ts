import type { ControllerRevision } from '../../../apimachinery/kinds.generated.ts'
import { controllerOf } from '../../../apimachinery/object.ts'
import { parseApiVersion } from '../../../apimachinery/resource.ts'
import { kind } from '../kind.ts'
import { age } from '../table.ts'
import { validateControllerRevision, validateControllerRevisionUpdate } from './controller-revision-validation.ts'

function controllerCell(revision: ControllerRevision): string {
  const owner = controllerOf(revision)
  if (!owner) return '<none>'
  const { group } = parseApiVersion(owner.apiVersion)
  return `${(group ? `${owner.kind}.${group}` : owner.kind).toLowerCase()}/${owner.name}`
}

export const controllerRevision = kind<ControllerRevision>({
  gvk: 'apps/v1/ControllerRevision',
  validate: validateControllerRevision,
  validateUpdate: validateControllerRevisionUpdate,
  specFields: [],
  cells: (revision, now) => [revision.metadata.name, controllerCell(revision), revision.revision ?? 0, age(revision, now)],
})
