import type { AdmissionRequest } from '../../../src/api/admission/admission.ts'
import type { KubeObject } from '../../../src/apimachinery/object.ts'

/** jane's creation of the pod p in the namespace x, as admission sees it. */
export function podRequest(pod: object = {}, more: Partial<AdmissionRequest> = {}): AdmissionRequest {
  const name = more.name ?? 'p'
  return {
    operation: 'CREATE',
    group: '',
    version: 'v1',
    resource: 'pods',
    subresource: '',
    kind: 'Pod',
    namespace: 'x',
    name,
    object: { metadata: { name, namespace: 'x' }, ...pod } as KubeObject,
    oldObject: undefined,
    options: {},
    dryRun: false,
    user: { name: 'jane', groups: [] },
    warn: () => {},
    ...more,
  }
}
