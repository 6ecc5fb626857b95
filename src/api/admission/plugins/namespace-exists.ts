import type { Namespace } from '../../../apimachinery/kinds.generated.ts'
import { namespaces } from '../../../apimachinery/resources.generated.ts'
import { notFound } from '../../../apimachinery/status.ts'
import type { Objects } from '../../objects.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../admission.ts'
import { refuse } from '../refusal.ts'

/** Makes a namespace if there is none of its name. */
export type CreateNamespace = (namespace: Namespace) => Promise<unknown>

/** The namespace that is written into, when there is none of that name. */
function missing(objects: Objects, { namespace, group, kind, operation }: AdmissionRequest): string | undefined {
  if (!namespace || (group === '' && kind === 'Namespace') || operation === 'CONNECT') return undefined
  return objects.get(namespaces, undefined, namespace) ? undefined : namespace
}

/** Nothing is written into, or deleted from, a namespace that is not there. */
export const namespaceExists = (objects: Objects): AdmissionPlugin => ({
  name: 'NamespaceExists',
  validate: (request) => {
    const name = missing(objects, request)
    if (name !== undefined) throw notFound(namespaces, name)
  },
})

/** Makes the namespace that something is created in. */
export const namespaceAutoProvision = (objects: Objects, create: CreateNamespace): AdmissionPlugin => ({
  name: 'NamespaceAutoProvision',
  mutate: async (request) => {
    if (request.dryRun || request.operation !== 'CREATE') return
    const name = missing(objects, request)
    if (name === undefined) return
    const namespace: Namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }
    await create(namespace).catch((error: Error) => {
      throw refuse(request, error.message)
    })
  },
})
