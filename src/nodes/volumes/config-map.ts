import { writeAtomically } from './atomic-writer.ts'
import { type VolumeKind, volumeDir } from './kind.ts'
import { configMapFiles, defaultMode, groupOf } from './payload.ts'

export const configMapVolume: VolumeKind = {
  field: 'configMap',
  async setUp(volume, context) {
    const source = volume.configMap ?? {}
    const path = volumeDir(context, 'configmap', volume.name)
    const mode = source.defaultMode ?? defaultMode
    const files = await configMapFiles(context, {
      name: source.name ?? '',
      items: source.items,
      optional: source.optional ?? false,
      mode,
    })
    await writeAtomically(path, new Map(files), groupOf(context.pod))
    return { path, readOnly: true }
  },
}
