import { StatusError, unforeseen } from '../../apimachinery/status.ts'
import type { Steps } from '../../apimachinery/steps.ts'
import { TypedError } from './typed/forms.ts'

/** `steps`, whose failure (a value that does not fit its type, a conversion that did not work) is told with `what` was being done. */
export function* named<T>(what: string, steps: Steps<T>): Steps<T> {
  try {
    return yield* steps
  } catch (e) {
    if (e instanceof TypedError || (e instanceof StatusError && e.code === 500)) throw unforeseen(`${what}: ${e.message}`)
    throw e
  }
}
