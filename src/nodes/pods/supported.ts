import type { Pod } from '../../apimachinery/kinds.generated.ts'
import { ConfigError } from './config-error.ts'
import type { AnyContainer } from './view.ts'

/** What a Docker node cannot do is refused in words, so that nothing of a spec is silently left out. Throws ConfigError. */
export function checkSupported(pod: Pod, container: AnyContainer): void {
  const spec = pod.spec
  const refuse = (what: string): never => {
    throw new ConfigError('CreateContainerConfigError', `${what} is not supported by this node's container engine`)
  }
  if (spec?.os?.name === 'windows') refuse('spec.os.name "windows"')
  if (spec?.hostUsers === false) refuse('spec.hostUsers false (a user namespace for one pod)')
  if (spec?.securityContext?.supplementalGroupsPolicy === 'Strict') refuse('supplementalGroupsPolicy "Strict"')
  if (spec?.resourceClaims?.length) refuse('spec.resourceClaims')
  if (container.volumeDevices?.length) refuse(`volumeDevices of container ${container.name}`)
  const extended = Object.keys(container.resources?.limits ?? {}).find((name) => name.startsWith('hugepages-'))
  if (extended) refuse(`resource ${extended}`)
}
