import type { Namespace } from '../../../apimachinery/kinds.generated.ts'
import { namespaces } from '../../../apimachinery/resources.generated.ts'
import { internalError, notFound } from '../../../apimachinery/status.ts'
import type { Objects } from '../../objects.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../admission.ts'
import { isResource, refuse, unaskable } from '../refusal.ts'

const immortal = new Set(['default', 'kube-system', 'kube-public'])

/** Nothing is written into a namespace that is missing, or made in one that is ending; three namespaces stay forever. */
export const namespaceLifecycle = (objects: Objects): AdmissionPlugin => ({
  name: 'NamespaceLifecycle',
  mutate: (request) => {
    const isNamespace = request.group === '' && request.kind === 'Namespace'
    if (request.operation === 'DELETE' && isNamespace && immortal.has(request.name)) {
      throw refuse(request, 'this namespace may not be deleted')
    }
    if (isNamespace || !request.namespace || request.operation === 'DELETE' || request.operation === 'CONNECT') return
    // Whether a namespace exists must not be told to those who only ask about their rights.
    if (isResource(request, 'authorization.k8s.io', 'localsubjectaccessreviews')) return
    // The plugin asks the server, which its client does not do for such names.
    const problem = unaskable(request.namespace)
    if (problem !== undefined) throw internalError(problem)
    checkNamespace(request, objects.get(namespaces, undefined, request.namespace), request.namespace)
  },
})

function checkNamespace(request: AdmissionRequest, namespace: Namespace | undefined, name: string): void {
  if (!namespace) throw notFound(namespaces, name)
  if (request.operation !== 'CREATE' || namespace.status?.phase !== 'Terminating') return
  const error = refuse(request, `unable to create new content in namespace ${name} because it is being terminated`)
  const cause = { reason: 'NamespaceTerminating', message: `namespace ${name} is being terminated`, field: 'metadata.namespace' }
  error.status.details = { ...error.status.details, causes: [cause] }
  throw error
}
