import type { DeviceClaim, DeviceToleration } from '../../../apimachinery/kinds.generated.ts'

interface Request {
  allocationMode?: string
  count?: number
  tolerations?: DeviceToleration[]
}

function defaultRequest(request: Request): void {
  if (!request.allocationMode) request.allocationMode = 'ExactCount'
  if (request.allocationMode === 'ExactCount' && !request.count) request.count = 1
  defaultTolerations(request.tolerations)
}

function defaultTolerations(tolerations: DeviceToleration[] | undefined): void {
  for (const toleration of tolerations ?? []) if (!toleration.operator) toleration.operator = 'Equal'
}

export function defaultDeviceClaim(claim: DeviceClaim | undefined): void {
  for (const request of claim?.requests ?? []) {
    if (request.exactly) defaultRequest(request.exactly)
    request.firstAvailable?.forEach(defaultRequest)
  }
}
