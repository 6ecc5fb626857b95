import type { CSINode } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'
import { age } from '../table.ts'
import { validateCSINode, validateCSINodeUpdate } from './csi-node-validation.ts'

export const csiNode = kind<CSINode>({
  gvk: 'storage.k8s.io/v1/CSINode',
  validate: validateCSINode,
  validateUpdate: validateCSINodeUpdate,
  specFields: [],
  allowUnconditionalUpdate: false,
  cells: (node, now) => [node.metadata.name, node.spec?.drivers?.length ?? 0, age(node, now)],
})
