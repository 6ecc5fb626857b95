import type { Authorizer } from '../../auth/authorize.ts'
import type { AdmissionPlugin } from '../admission.ts'
import { isWrite } from '../refusal.ts'

/** Nobody grants what they do not hold. kube-apiserver does this in its storage of roles, after all mutation: so do we. */
export const roleEscalation = (authorizer: Authorizer): AdmissionPlugin => ({
  name: 'RoleEscalation',
  mutate: async (request) => {
    const { user, resource, namespace = '', object, oldObject } = request
    if (request.group !== 'rbac.authorization.k8s.io' || !isWrite(request) || !object) return
    // The name of what is created is not in the request's path, so rights to one name do not cover it.
    const name = request.operation === 'CREATE' ? '' : request.name
    const refusal = await authorizer.refuseEscalation({ user, resource, namespace, name, object, oldObject })
    if (refusal) throw refusal
  },
})
