import { notSupported } from '../../../apimachinery/field-error.ts'
import type { Container, Pod } from '../../../apimachinery/kinds.generated.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../admission.ts'
import { isWrite, podOf, refuse } from '../refusal.ts'

/** Each container's image is pulled at each start, so that who may not pull it cannot run it because it is there. */
export const alwaysPullImages: AdmissionPlugin = {
  name: 'AlwaysPullImages',
  mutate: (request) => {
    const pod = podToJudge(request)
    for (const { container } of pod ? containersOf(pod) : []) container.imagePullPolicy = 'Always'
    for (const { image } of pod?.spec?.volumes ?? []) if (image) image.pullPolicy = 'Always'
  },
  validate: (request) => {
    const pod = podToJudge(request)
    if (!pod) return
    const problems = containersOf(pod).flatMap(({ container, at }) =>
      container.imagePullPolicy === 'Always' ? [] : [problemOf(`${at}.imagePullPolicy`, container.imagePullPolicy)],
    )
    const ofVolumes = (pod.spec?.volumes ?? []).flatMap(({ image }, i) =>
      !image || image.pullPolicy === 'Always' ? [] : [problemOf(`spec.volumes[${i}].image.pullPolicy`, image.pullPolicy)],
    )
    const [first] = [...problems, ...ofVolumes]
    if (first !== undefined) throw refuse(request, first)
  },
}

function problemOf(at: string, policy: string | undefined): string {
  const { field, message } = notSupported(at, policy ?? '', ['Always'])
  return `${field}: ${message}`
}

/** The pod when it is made, or when an image of it changes. */
function podToJudge(request: AdmissionRequest): Pod | undefined {
  const pod = isWrite(request) ? podOf(request) : undefined
  if (!pod || request.operation === 'CREATE') return pod
  const known = new Set(containersOf(request.oldObject as Pod).map(({ container }) => container.image))
  return containersOf(pod).every(({ container }) => known.has(container.image)) ? undefined : pod
}

function containersOf({ spec }: Pod): { readonly container: Container; readonly at: string }[] {
  const lists = ['initContainers', 'containers', 'ephemeralContainers'] as const
  return lists.flatMap((list) =>
    ((spec?.[list] ?? []) as Container[]).map((container, i) => ({ container, at: `spec.${list}[${i}]` })),
  )
}
