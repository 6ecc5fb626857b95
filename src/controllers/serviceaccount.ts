// Gives every namespace a ServiceAccount `default`.
import type { Namespace } from '../apimachinery/kinds.generated.ts'
import { namespaces, serviceaccounts } from '../apimachinery/resources.generated.ts'
import { isAlreadyExists, isNotFound, StatusError } from '../apimachinery/status.ts'
import { defineController, watching } from '../operators/controller.ts'

const accountName = 'default'

/** A namespace that takes new objects. */
export const isOpen = (namespace: Namespace): boolean =>
  !namespace.metadata.deletionTimestamp && namespace.status?.phase !== 'Terminating'

/** The namespace went away, or began to, while we wrote into it: nothing is left to do. */
export const isClosing = (error: unknown): boolean =>
  isNotFound(error) || (error instanceof StatusError && error.code === 403 && /terminat/i.test(error.message))

export const serviceAccountController = defineController<Namespace>({
  name: 'serviceaccount-controller',
  for: namespaces,
  watches: [watching(serviceaccounts, ({ metadata }) => (metadata.name === accountName ? [metadata.namespace ?? ''] : []))],
  async reconcile(namespace, { client, informers }) {
    const name = namespace.metadata.name ?? ''
    if (!isOpen(namespace) || informers.of(serviceaccounts).get(`${name}/${accountName}`)) return undefined
    try {
      await client.create(serviceaccounts, { metadata: { name: accountName, namespace: name } }, { namespace: name })
    } catch (error) {
      if (!isAlreadyExists(error) && !isClosing(error)) throw error
    }
    return undefined
  },
})
