import { isConflict, isNotFound } from '../../../apimachinery/status.ts'
import type { Objects } from '../../objects.ts'
import { ensure, remove, update } from '../../own-requests.ts'
import type { HandleRequest } from '../../request.ts'
import { type BootstrapWrite, decideBootstrap } from './bootstrap.ts'

/** Makes and repairs the default roles and bindings, at start, through the pipeline. The namespaces must exist. Throws StatusError. */
export async function writeDefaultRoles(objects: Objects, handle: HandleRequest): Promise<void> {
  await Promise.all(decideBootstrap(objects).map((write) => perform(handle, write)))
}

async function perform(handle: HandleRequest, { operation, resource, object }: BootstrapWrite): Promise<void> {
  const { namespace, name = '' } = object.metadata
  try {
    if (operation === 'update') return await update(handle, resource, object)
    if (operation === 'recreate') await remove(handle, resource, namespace, name)
    await ensure(handle, resource, object)
  } catch (error) {
    // Another server of the same store did it first.
    if (!isConflict(error) && !isNotFound(error)) throw error
  }
}
