import { isRoutable, unroutable } from '../negotiation/accept.ts'
import type { PathRoute } from '../pipeline/handle.ts'
import { methodNotAllowed } from '../pipeline/route.ts'

/** The release of Kubernetes whose API this is. Clients parse it. */
export const kubernetesVersion = {
  major: '1',
  minor: '36',
  emulationMajor: '1',
  emulationMinor: '36',
  minCompatibilityMajor: '1',
  minCompatibilityMinor: '35',
  gitVersion: 'v1.36.3',
  gitCommit: '0000000000000000000000000000000000000000',
  gitTreeState: 'clean',
  buildDate: '2026-01-01T00:00:00Z',
  goVersion: 'go1.26.0',
  compiler: 'gc',
  platform: 'linux/amd64',
}

export const versionRoute: PathRoute = (request, info) => {
  if (info.path !== '/version' && info.path !== '/version/') return undefined
  if (request.method !== 'GET') throw methodNotAllowed()
  if (!isRoutable(request.headers.accept, ['application/json'])) throw unroutable(['application/json'])
  const bytes = Buffer.from(JSON.stringify(kubernetesVersion, null, 2))
  return { status: 200, headers: { 'content-type': 'application/json' }, body: { bytes } }
}
