import type { Container, Pod } from '../../apimachinery/kinds.generated.ts'
import { ConfigError } from '../pods/config-error.ts'

/** What of the daemon and the node a security context needs. */
export interface SecurityFacts {
  /** The text of a seccomp profile of type Localhost. Throws ConfigError when there is none. */
  readonly seccompProfile: (name: string) => string
  readonly hasAppArmor: boolean
}

function seccomp(pod: Pod, container: Pick<Container, 'securityContext'>, facts: SecurityFacts): string[] {
  const profile = container.securityContext?.seccompProfile ?? pod.spec?.securityContext?.seccompProfile
  // Docker's own profile is what it uses without any option; Kubernetes runs without one unless asked.
  if (profile?.type === 'RuntimeDefault') return []
  if (profile?.type === 'Localhost') return [`seccomp=${facts.seccompProfile(profile.localhostProfile ?? '')}`]
  return ['seccomp=unconfined']
}

function appArmor(pod: Pod, container: Pick<Container, 'securityContext'>, facts: SecurityFacts): string[] {
  const profile = container.securityContext?.appArmorProfile ?? pod.spec?.securityContext?.appArmorProfile
  if (!profile) return []
  if (!facts.hasAppArmor && profile.type === 'Localhost')
    throw new ConfigError(
      'CreateContainerConfigError',
      `AppArmor is not enabled on this node: profile ${profile.localhostProfile}`,
    )
  if (!facts.hasAppArmor || profile.type === 'RuntimeDefault') return []
  return [`apparmor=${profile.type === 'Unconfined' ? 'unconfined' : profile.localhostProfile}`]
}

function seLinux(pod: Pod, container: Pick<Container, 'securityContext'>): string[] {
  const options = container.securityContext?.seLinuxOptions ?? pod.spec?.securityContext?.seLinuxOptions
  return Object.entries(options ?? {}).map(([key, value]) => `label=${key}:${value}`)
}

/** Docker's SecurityOpt of a container. */
export function securityOptions(pod: Pod, container: Pick<Container, 'securityContext'>, facts: SecurityFacts): string[] {
  const noNewPrivileges = container.securityContext?.allowPrivilegeEscalation === false ? ['no-new-privileges'] : []
  return [...seccomp(pod, container, facts), ...appArmor(pod, container, facts), ...seLinux(pod, container), ...noNewPrivileges]
}

/** Docker's `User` of a container: '' leaves it to the image. */
export function userOf(pod: Pod, container: Pick<Container, 'securityContext'>, imageUser: string): string {
  const user = container.securityContext?.runAsUser ?? pod.spec?.securityContext?.runAsUser
  const group = container.securityContext?.runAsGroup ?? pod.spec?.securityContext?.runAsGroup
  if (user === undefined && group === undefined) return ''
  const name = user ?? (imageUser.split(':')[0] || '0')
  return group === undefined ? String(name) : `${name}:${group}`
}

/** Throws ConfigError when the container must not run as root and would, or nobody can tell. */
export function checkNonRoot(pod: Pod, container: Pick<Container, 'securityContext' | 'name'>, imageUser: string): void {
  const mustNot = container.securityContext?.runAsNonRoot ?? pod.spec?.securityContext?.runAsNonRoot
  if (!mustNot) return
  const where = `(pod: "${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})", container: ${container.name})`
  const asked = container.securityContext?.runAsUser ?? pod.spec?.securityContext?.runAsUser
  const refuse = (why: string): never => {
    throw new ConfigError('CreateContainerConfigError', `${why} ${where}`)
  }
  if (asked !== undefined) {
    if (asked === 0) refuse("container's runAsUser breaks non-root policy")
    return
  }
  const user = imageUser.split(':')[0] ?? ''
  if (user === '' || user === '0' || user === 'root') refuse('container has runAsNonRoot and image will run as root')
  if (!/^\d+$/.test(user))
    refuse(`container has runAsNonRoot and image has non-numeric user (${user}), cannot verify user is non-root`)
}
