import type { DeviceClaim } from '../../../apimachinery/kinds.generated.ts'

interface Request {
  allocationMode?: string
  count?: number
}

function defaultRequest(request: Request): void {
  if (!request.allocationMode) request.allocationMode = 'ExactCount'
  if (request.allocationMode === 'ExactCount' && !request.count) request.count = 1
}

export function defaultDeviceClaim(claim: DeviceClaim | undefined): void {
  for (const request of claim?.requests ?? []) {
    if (request.exactly) defaultRequest(request.exactly)
    request.firstAvailable?.forEach(defaultRequest)
  }
}
