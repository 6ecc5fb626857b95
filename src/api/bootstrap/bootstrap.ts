import { readFileSync } from 'node:fs'
import type { KubeObject } from '../../apimachinery/object.ts'
import type { Resource } from '../../apimachinery/resource.ts'
import {
  configmaps,
  flowschemas,
  namespaces,
  priorityclasses,
  prioritylevelconfigurations,
  servicecidrs,
} from '../../apimachinery/resources.generated.ts'
import type { Objects } from '../objects.ts'
import { ensure } from '../own-requests.ts'
import type { HandleRequest } from '../request.ts'

interface BootstrapOptions {
  /** The range of the first ServiceCIDR. */
  readonly serviceCidr?: string
  /** Milliseconds since 1970. */
  readonly now?: number
}

/** Makes what is missing of what `objects` has. Runs through the pipeline like any other write. */
export async function bootstrap(handle: HandleRequest, objects: Objects, options: BootstrapOptions = {}): Promise<void> {
  const { serviceCidr, now = Date.now() } = options
  const make = async (resource: Resource<never> | Resource, object: KubeObject, fieldManager?: string) => {
    const { namespace, name = '' } = object.metadata
    if (objects.get(resource as Resource<KubeObject>, namespace, name)) return
    await ensure(handle, resource, object, { fieldManager })
  }
  for (const name of ['default', 'kube-system', 'kube-public', 'kube-node-lease']) {
    await make(namespaces, { metadata: { name } })
  }
  for (const object of systemObjects()) await make(resourceOf(object), object, writerOf(object))
  await make(configmaps, tokenTracking(now))
  if (serviceCidr) {
    const cidr = { metadata: { name: 'kubernetes' }, spec: { cidrs: [serviceCidr] } }
    await make(servicecidrs, cidr as KubeObject)
  }
}

/** Since when the use of secrets' tokens is noted: kube-controller-manager clears away those unused for a year after it. */
const tokenTracking = (now: number): KubeObject & { data: Record<string, string> } => ({
  metadata: { namespace: 'kube-system', name: 'kube-apiserver-legacy-service-account-token-tracking' },
  data: { since: new Date(now).toISOString().slice(0, 10) },
})

/** Priority classes and flow control, as kube-apiserver has them. */
function systemObjects(): KubeObject[] {
  const url = new URL('../../../schemas/kubernetes/system-objects.json', import.meta.url)
  return JSON.parse(readFileSync(url, 'utf8')) as KubeObject[]
}

function resourceOf({ kind }: KubeObject): Resource {
  const found = [priorityclasses, prioritylevelconfigurations, flowschemas].find((r) => r.kind === kind)
  if (!found) throw new Error(`system-objects.json: ${kind} is not one of its kinds`)
  return found as unknown as Resource
}

/** The field manager by which kube-apiserver makes them. */
const writerOf = ({ kind }: KubeObject): string | undefined =>
  kind === 'PriorityClass' ? undefined : 'api-priority-and-fairness-config-producer-v1'
