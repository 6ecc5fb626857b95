import { isIPv4 } from 'node:net'
import { timeText } from '../../apimachinery/clock.ts'
import { ipaddresses, services } from '../../apimachinery/resources.generated.ts'
import type { Objects } from '../objects.ts'
import { ensure } from '../own-requests.ts'
import type { HandleRequest } from '../request.ts'
import { addressObject } from './claim-changes.ts'

/** Makes the IPAddress objects of Services that have none: those stored by a version that made none. Through the pipeline. */
export async function ensureAddressObjects(handle: HandleRequest, objects: Objects): Promise<void> {
  for (const { metadata, spec } of objects.list(services)) {
    for (const address of spec?.clusterIPs ?? []) {
      if (!isIPv4(address) || objects.get(ipaddresses, undefined, address)) continue
      await ensure(
        handle,
        ipaddresses,
        addressObject(address, metadata.namespace ?? '', metadata.name ?? '', timeText(Date.now())),
      )
    }
  }
}
