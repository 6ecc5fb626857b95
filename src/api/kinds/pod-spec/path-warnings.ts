import type { Volume, VolumeProjection } from '../../../apimachinery/kinds.generated.ts'

interface Mapped {
  readonly path: string
  readonly source: string
}

const quote = (text: string | undefined): string => JSON.stringify(text ?? '')
const shown = ({ path, source }: Mapped): string => (source ? `${quote(path)} (${source})` : quote(path))

/** Paths that a path is, is above or is below. */
const overlapping = (earlier: readonly Mapped[], { path }: Mapped): Mapped[] =>
  path === ''
    ? []
    : earlier.filter((m) => m.path !== '' && (`${m.path}/`.startsWith(`${path}/`) || `${path}/`.startsWith(`${m.path}/`)))

function overlaps(paths: readonly Mapped[]): string[] {
  const earlier: Mapped[] = []
  return paths.flatMap(({ path, source }) => {
    const mapped = { path: path.replace(/\/+$/, ''), source }
    const found = overlapping(earlier, mapped).map((other) => `${shown(mapped)} with ${shown(other)}`)
    earlier.push(mapped)
    return found
  })
}

const itemsOf = (items: readonly { readonly path?: string }[] | undefined, source = ''): Mapped[] =>
  (items ?? []).map(({ path = '' }) => ({ path, source }))

/** The paths of one source of a projected volume, of the first that it has. */
function projectedPaths(source: VolumeProjection): Mapped[] {
  const { configMap, secret, downwardAPI, serviceAccountToken: token, clusterTrustBundle: bundle, podCertificate } = source
  if (configMap?.items) return itemsOf(configMap.items, `ConfigMap ${quote(configMap.name)}`)
  if (secret?.items) return itemsOf(secret.items, `Secret ${quote(secret.name)}`)
  if (downwardAPI?.items) return itemsOf(downwardAPI.items, 'DownwardAPI')
  if (token) return [{ path: token.path ?? '', source: 'ServiceAccountToken' }]
  if (bundle) return [{ path: bundle.path ?? '', source: `ClusterTrustBundle ${quote(bundle.name ?? bundle.signerName)}` }]
  const { certificateChainPath, keyPath, credentialBundlePath } = podCertificate ?? {}
  return [
    ...(certificateChainPath ? [{ path: certificateChainPath, source: 'PodCertificate chain' }] : []),
    ...(keyPath ? [{ path: keyPath, source: 'PodCertificate key' }] : []),
    ...(credentialBundlePath ? [{ path: credentialBundlePath, source: 'PodCertificate credential bundle' }] : []),
  ]
}

/** Files of a volume that would hide each other, and projections of nothing. */
export function pathWarnings({ name, configMap, secret, downwardAPI, projected }: Volume): string[] {
  const told = (what: string, paths: readonly Mapped[]) =>
    overlaps(paths).map((text) => `volume ${quote(name)} (${what}): overlapping paths: ${text}`)
  // Asked for one by one: most volumes map no path.
  const warnings: string[] = []
  if (configMap?.items) warnings.push(...told(`ConfigMap ${quote(configMap.name)}`, itemsOf(configMap.items)))
  if (secret?.items) warnings.push(...told(`Secret ${quote(secret.secretName)}`, itemsOf(secret.items)))
  if (downwardAPI?.items) warnings.push(...told('DownwardAPI', itemsOf(downwardAPI.items)))
  if (!projected?.sources) return warnings
  const { sources } = projected
  for (const source of sources) if (isEmpty(source)) warnings.push(`volume ${quote(name)} (Projected) has no sources provided`)
  warnings.push(...told('Projected', sources.flatMap(projectedPaths)))
  return warnings
}

const isEmpty = (source: VolumeProjection) => Object.values(source).every((v) => v === undefined || v === null)
