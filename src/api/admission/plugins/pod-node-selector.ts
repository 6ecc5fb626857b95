import { quote } from '../../../apimachinery/go-quote.ts'
import type { Pod } from '../../../apimachinery/kinds.generated.ts'
import { isLabelValue, isQualifiedName } from '../../../apimachinery/names.ts'
import { namespaces } from '../../../apimachinery/resources.generated.ts'
import { notFound, unforeseen } from '../../../apimachinery/status.ts'
import type { Objects } from '../../objects.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../admission.ts'
import { podOf, refuse } from '../refusal.ts'

type Labels = Readonly<Record<string, string>>

const annotation = 'scheduler.alpha.kubernetes.io/node-selector'
const clusterDefault = 'clusterDefaultNodeSelector'

/**
 * Pods run on the nodes of their namespace. `selectors`: what pods of a namespace may select at most, by its name, and under
 * `clusterDefaultNodeSelector` what those select whose namespace says nothing.
 */
export const podNodeSelector = (objects: Objects, selectors: Labels = {}): AdmissionPlugin => {
  const check = (request: AdmissionRequest, pod: Pod): Labels => {
    const ofNamespace = namespaceSelector(objects, request, selectors)
    const ofPod = pod.spec?.nodeSelector ?? {}
    if (Object.entries(ofPod).some(([key, value]) => Object.hasOwn(ofNamespace, key) && ofNamespace[key] !== value))
      throw refuse(request, 'pod node label selector conflicts with its namespace node label selector')
    return { ...ofNamespace, ...ofPod }
  }
  const checkAllowed = (request: AdmissionRequest, pod: Pod): void => {
    const allowed = labelsIn(selectors[request.namespace ?? ''] ?? '')
    if (Object.keys(allowed).length === 0) return
    const isAllowed = Object.entries(pod.spec?.nodeSelector ?? {}).every(([key, value]) => allowed[key] === value)
    if (!isAllowed) throw refuse(request, 'pod node label selector labels conflict with its namespace whitelist')
  }
  return {
    name: 'PodNodeSelector',
    mutate: (request) => {
      const pod = request.operation === 'CREATE' ? podOf(request) : undefined
      if (!pod?.spec) return
      const merged = check(request, pod)
      if (Object.keys(merged).length > 0) pod.spec.nodeSelector = merged
      checkAllowed(request, pod)
    },
    validate: (request) => {
      const pod = request.operation === 'CREATE' ? podOf(request) : undefined
      if (!pod) return
      check(request, pod)
      checkAllowed(request, pod)
    },
  }
}

function namespaceSelector(objects: Objects, { namespace = '' }: AdmissionRequest, selectors: Labels): Labels {
  const found = objects.get(namespaces, undefined, namespace)
  if (!found) throw notFound(namespaces, namespace)
  return labelsIn(found.metadata.annotations?.[annotation] ?? selectors[clusterDefault] ?? '')
}

/** `a=b,c=d` as labels. Throws what kube-apiserver has no status for. */
function labelsIn(text: string): Labels {
  if (text === '') return {}
  return Object.fromEntries(
    text.split(',').map((term) => {
      const [key = '', value, ...more] = term.split('=').map((part) => part.trim())
      if (value === undefined || more.length > 0) throw unforeseen(`invalid selector: [${term.split('=').join(' ')}]`)
      // Where that is in the text is not told.
      refuseIfBad('<nil>', key, isQualifiedName(key))
      refuseIfBad(`[${key}]`, value, isLabelValue(value))
      return [key, value]
    }),
  )
}

function refuseIfBad(at: string, value: string, problems: readonly string[]): void {
  if (problems.length > 0) throw unforeseen(`${at}: Invalid value: ${quote(value)}: ${problems.join('; ')}`)
}
