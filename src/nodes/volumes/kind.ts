import type Docker from 'dockerode'
import type {
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  Secret,
  TokenRequest,
  Volume,
} from '../../apimachinery/kinds.generated.ts'
import type { References } from '../pods/environment.ts'
import type { ProjectedTokens } from './service-account-token.ts'

/** What volumes need from outside. Lookups answer undefined when the object does not exist. */
export interface VolumeSources extends References {
  claim(namespace: string, name: string): Promise<PersistentVolumeClaim | undefined>
  persistentVolume(name: string): Promise<PersistentVolume | undefined>
  token(namespace: string, serviceAccount: string, request: TokenRequest): Promise<TokenRequest>
  imagePullSecrets(pod: Pod): Promise<Secret[]>
}

export interface VolumeContext {
  readonly pod: Pod
  /** The folder of the pod on the host. */
  readonly podDir: string
  /** Caches that pods share (image volumes). */
  readonly cacheDir: string
  readonly docker: Docker
  readonly sources: VolumeSources
  readonly tokens: ProjectedTokens
  readonly podIps: readonly string[]
  readonly hostIps: readonly string[]
  readonly allocatable: Readonly<Record<string, string>>
  readonly now: number
}

export interface PreparedVolume {
  readonly path: string
  /** Whatever a mount says. */
  readonly readOnly?: boolean
  /** When the content must be renewed: milliseconds since 1970. */
  readonly refreshAt?: number
}

/** One kind of volume source. */
export interface VolumeKind {
  readonly field: keyof Volume
  /** Makes the volume, or brings it up to date. Throws what is wrong in words for a FailedMount event. */
  readonly setUp: (volume: Volume, context: VolumeContext) => Promise<PreparedVolume>
}

/** Where a volume of this plugin lives, as in kubelet's directory layout. `name` is a DNS label, checked by the API. */
export function volumeDir(context: Pick<VolumeContext, 'podDir'>, plugin: string, name: string): string {
  if (!/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(name) || name.includes('..'))
    throw new Error(`invalid volume name ${JSON.stringify(name)}`)
  return `${context.podDir}/volumes/kubernetes.io~${plugin}/${name}`
}
