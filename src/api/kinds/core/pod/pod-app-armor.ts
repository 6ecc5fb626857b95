import { isDeepStrictEqual } from 'node:util'
import type { AppArmorProfile, Pod } from '../../../../apimachinery/kinds.generated.ts'
import { appArmorPrefix } from '../../pod-spec/annotations.ts'
import { validateAppArmor } from '../../pod-spec/security-context.ts'
import { visitContainers } from '../../pod-spec/visit.ts'

/** Copies the old annotations for AppArmor into the fields of containers that have none, and warns of them (applyAppArmorVersionSkew). */
export function syncAppArmor({ metadata, spec }: Pod, warn: (message: string) => void): void {
  const { annotations } = metadata
  if (!annotations || !spec || spec.os?.name === 'windows') return
  const onPod = spec.securityContext?.appArmorProfile
  visitContainers(spec, '', (container) => {
    const key = `${appArmorPrefix}${container.name}`
    const text = Object.hasOwn(annotations, key) ? annotations[key] : undefined
    if (text === undefined || container.securityContext?.appArmorProfile) return
    const profile = profileOf(text)
    if (profile && isDeepStrictEqual(profile, onPod)) return
    if (profile) container.securityContext = { ...container.securityContext, appArmorProfile: profile }
    warn(`metadata.annotations[${key}]: deprecated since v1.30; use the "appArmorProfile" field instead`)
  })
}

/** undefined: the annotation says nothing that the field could hold. */
function profileOf(annotation: string): AppArmorProfile | undefined {
  if (annotation === 'unconfined') return { type: 'Unconfined' }
  if (annotation === 'runtime/default') return { type: 'RuntimeDefault' }
  if (!annotation.startsWith('localhost/')) return undefined
  const profile = { type: 'Localhost', localhostProfile: annotation.slice('localhost/'.length) } as const
  const errors: Parameters<typeof validateAppArmor>[2] = []
  validateAppArmor(profile, '', errors)
  return errors.length > 0 ? undefined : profile
}
