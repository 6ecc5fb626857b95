import { invalid } from '../../../apimachinery/field-error.ts'
import type { PodSpec } from '../../../apimachinery/kinds.generated.ts'
import type { Errors } from '../errors.ts'
import type { PodRules } from './options.ts'
import { checkDescendingPath } from './paths.ts'
import { visitContainers } from './visit.ts'

const mirror = 'kubernetes.io/config.mirror'
const deletionCost = 'controller.kubernetes.io/pod-deletion-cost'
const seccompPod = 'seccomp.security.alpha.kubernetes.io/pod'
const seccompContainer = 'container.seccomp.security.alpha.kubernetes.io/'
export const appArmorPrefix = 'container.apparmor.security.beta.kubernetes.io/'

/** Annotations that pods give a meaning to. */
export function validatePodAnnotations(
  annotations: Readonly<Record<string, string>>,
  spec: PodSpec,
  at: string,
  rules: PodRules,
  errors: Errors,
): void {
  for (const key of Object.keys(annotations)) {
    const value = annotations[key] ?? ''
    if (key === mirror && !spec.nodeName) {
      errors.push(invalid(`${at}[${key}]`, value, 'must set spec.nodeName if mirror pod annotation is set'))
    } else if (key === deletionCost && !rules.anyDeletionCost && !isDeletionCost(value)) {
      errors.push(invalid(`${at}[${key}]`, value, 'must be a 32bit integer'))
    } else if (key === seccompPod || key.startsWith(seccompContainer)) checkSeccomp(value, `${at}.${key}`, errors)
    else if (key.startsWith(appArmorPrefix)) checkAppArmor(key, value, spec, at, errors)
  }
}

const integer = /^-?(0|[1-9][0-9]*)$/
/** Written without a plus sign or leading zeros. */
const isDeletionCost = (text: string): boolean =>
  integer.test(text) && text !== '-0' && Math.abs(Number(text)) <= 2147483648 && Number(text) < 2147483648

function checkSeccomp(profile: string, at: string, errors: Errors): void {
  if (profile === 'runtime/default' || profile === 'docker/default' || profile === 'unconfined') return
  if (profile.startsWith('localhost/')) checkDescendingPath(profile.slice('localhost/'.length), at, errors)
  else errors.push(invalid(at, profile, 'must be a valid seccomp profile'))
}

function checkAppArmor(key: string, profile: string, spec: PodSpec, at: string, errors: Errors): void {
  const name = key.slice(appArmorPrefix.length)
  let found = false
  visitContainers(spec, '', (container) => {
    found ||= container.name === name
  })
  if (!found) errors.push(invalid(`${at}[${key}]`, name, 'container not found'))
  if (profile === '' || profile === 'runtime/default' || profile === 'unconfined' || profile.startsWith('localhost/')) return
  errors.push(invalid(`${at}[${key}]`, profile, `invalid AppArmor profile name: ${JSON.stringify(profile)}`))
}
