import type { Authorizer } from '../auth/authorize.ts'
import type { Objects } from '../objects.ts'
import type { AdmissionPlugin } from './admission.ts'
import { defaultTolerationSeconds } from './plugins/default-toleration-seconds.ts'
import { namespaceLifecycle } from './plugins/namespace-lifecycle.ts'
import { priority } from './plugins/priority.ts'
import { roleEscalation } from './plugins/role-escalation.ts'
import { serviceAccount } from './plugins/service-account.ts'

export interface AdmissionOptions {
  readonly objects: Objects
  readonly authorizer: Authorizer
}

/** The plugins that are on by default, in kube-apiserver's order (k8s.io/kubernetes/pkg/kubeapiserver/options/plugins.go). */
export function createAdmission({ objects, authorizer }: AdmissionOptions): readonly AdmissionPlugin[] {
  return [
    namespaceLifecycle(objects),
    serviceAccount(objects),
    priority(objects),
    defaultTolerationSeconds,
    roleEscalation(authorizer),
  ]
}
