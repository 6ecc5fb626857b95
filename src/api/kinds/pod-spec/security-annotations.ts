import { forbiddenField } from '../../../apimachinery/field-error.ts'
import type { PodSpec } from '../../../apimachinery/kinds.generated.ts'
import type { Errors } from '../errors.ts'
import { appArmorPrefix } from './annotations.ts'
import { visitContainers } from './visit.ts'

/** Old annotations for seccomp and AppArmor that say otherwise than the fields. */

interface Profile {
  type?: string
  localhostProfile?: string
}

type Annotations = Readonly<Record<string, string>>

function checkMatch(
  annotation: string,
  { type, localhostProfile }: Profile,
  what: 'seccomp' | 'apparmor',
  defaults: readonly string[],
  at: string,
  errors: Errors,
): void {
  const mismatch = () => errors.push(forbiddenField(`${at}.type`, `${what} type in annotation and field must match`))
  if (type === 'Unconfined') {
    if (annotation !== 'unconfined') mismatch()
  } else if (type === 'RuntimeDefault') {
    if (!defaults.includes(annotation)) mismatch()
  } else if (type === 'Localhost') {
    if (!annotation.startsWith('localhost/')) mismatch()
    else if (annotation.slice('localhost/'.length) !== localhostProfile) {
      errors.push(forbiddenField(`${at}.localhostProfile`, `${what} profile in annotation and field must match`))
    }
  }
}

const seccompPod = 'seccomp.security.alpha.kubernetes.io/pod'
const seccompContainer = 'container.seccomp.security.alpha.kubernetes.io/'
const seccompDefaults = ['runtime/default', 'docker/default']

export function validateSecurityAnnotations(
  annotations: Annotations | undefined,
  spec: PodSpec,
  at: string,
  errors: Errors,
): void {
  if (!annotations) return
  const pod = spec.securityContext
  const onPod = annotations[seccompPod]
  if (pod?.seccompProfile && onPod !== undefined) {
    checkMatch(onPod, pod.seccompProfile, 'seccomp', seccompDefaults, `${at}.securityContext.seccompProfile`, errors)
  }
  visitContainers(spec, at, ({ name, securityContext: own }, path) => {
    const seccomp = annotations[`${seccompContainer}${name}`]
    if (own?.seccompProfile && seccomp !== undefined) {
      checkMatch(seccomp, own.seccompProfile, 'seccomp', seccompDefaults, `${path}.securityContext.seccompProfile`, errors)
    }
    const appArmor = annotations[`${appArmorPrefix}${name}`]
    const profile = own?.appArmorProfile ?? pod?.appArmorProfile
    if (profile && appArmor !== undefined && spec.os?.name !== 'windows') {
      checkMatch(appArmor, profile, 'apparmor', ['runtime/default'], `${path}.securityContext.appArmorProfile`, errors)
    }
  })
}
