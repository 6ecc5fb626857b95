import type { VolumeAttachment } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'
import { roundResources } from '../pod-spec/resource-list.ts'
import { defaultDisks } from '../pod-spec/volume-defaults.ts'
import { dropStatus, keepOtherAndMeta } from '../status.ts'
import { age } from '../table.ts'
import { validateVolumeAttachment, validateVolumeAttachmentUpdate } from './volume-attachment-validation.ts'

export const volumeAttachment = kind<VolumeAttachment>({
  gvk: 'storage.k8s.io/v1/VolumeAttachment',
  validate: validateVolumeAttachment,
  validateUpdate: validateVolumeAttachmentUpdate,
  specFields: [],
  allowUnconditionalUpdate: false,
  defaults: ({ spec }) => {
    const inline = spec?.source?.inlineVolumeSpec
    if (!inline) return
    roundResources(inline.capacity)
    defaultDisks(inline)
  },
  prepareForCreate: dropStatus,
  prepareForUpdate: keepOtherAndMeta,
  cells: (attachment, now) => [
    attachment.metadata.name,
    attachment.spec?.attacher ?? '',
    attachment.spec?.source?.persistentVolumeName ?? '',
    attachment.spec?.nodeName ?? '',
    attachment.status?.attached ?? false,
    age(attachment, now),
  ],
})
