import type { Volume } from '../../apimachinery/kinds.generated.ts'
import { configMapVolume } from './config-map.ts'
import { downwardApiVolume } from './downward-api.ts'
import { emptyDirVolume } from './empty-dir.ts'
import { hostPathVolume } from './host-path.ts'
import { imageVolume } from './image.ts'
import type { PreparedVolume, VolumeContext, VolumeKind } from './kind.ts'
import { claimVolume, ephemeralVolume } from './persistent-volume-claim.ts'
import { projectedVolume } from './projected.ts'
import { secretVolume } from './secret.ts'

const kinds: readonly VolumeKind[] = [
  configMapVolume,
  downwardApiVolume,
  emptyDirVolume,
  hostPathVolume,
  imageVolume,
  claimVolume,
  ephemeralVolume,
  projectedVolume,
  secretVolume,
]

/** A volume could not be made; the message is that of kubelet's FailedMount event. */
export class MountError extends Error {
  readonly volume: string

  constructor(volume: string, cause: unknown) {
    super(`MountVolume.SetUp failed for volume "${volume}" : ${cause instanceof Error ? cause.message : String(cause)}`)
    this.name = 'MountError'
    this.volume = volume
  }
}

async function setUp(volume: Volume, context: VolumeContext): Promise<PreparedVolume> {
  const kind = kinds.find((k) => volume[k.field] !== undefined) ?? (Object.keys(volume).length === 1 ? emptyDirVolume : undefined)
  try {
    if (!kind) throw new Error(`this node does not know volumes of kind ${Object.keys(volume).find((k) => k !== 'name')}`)
    return await kind.setUp(volume, context)
  } catch (error) {
    throw new MountError(volume.name, error)
  }
}

/** Makes or refreshes all volumes of the pod, side by side. Throws MountError for the first that fails. */
export async function prepareVolumes(context: VolumeContext): Promise<ReadonlyMap<string, PreparedVolume>> {
  const volumes = context.pod.spec?.volumes ?? []
  const made = await Promise.all(volumes.map(async (v) => [v.name, await setUp(v, context)] as const))
  return new Map(made)
}
