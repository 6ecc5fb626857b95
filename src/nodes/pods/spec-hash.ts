import { createHash } from 'node:crypto'
import type { AnyContainer } from './view.ts'

/** Of the fields of a container that may change while the pod lives and that need a new container: its image. */
export function specHash(container: AnyContainer): string {
  return createHash('sha256')
    .update(JSON.stringify([container.name, container.image]))
    .digest('hex')
    .slice(0, 16)
}
