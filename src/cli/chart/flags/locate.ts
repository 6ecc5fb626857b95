// The flags that say where a chart comes from.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Chart } from '../../../helmlike/chart/chart.ts'
import type { Access } from '../../../helmlike/package/http.ts'
import type { LocateOptions } from '../../../helmlike/package/locate.ts'
import type { Flags, FlagTable } from './flags.ts'

/** Who asks a server of charts, and whom to trust. */
export const ACCESS_FLAGS: FlagTable['flags'] = {
  username: 'value',
  password: 'value',
  'ca-file': 'value',
  'cert-file': 'value',
  'key-file': 'value',
  'insecure-skip-tls-verify': 'bool',
}

/** Which chart, from where, and whether its signature is checked. */
export const CHART_FLAGS: FlagTable = {
  flags: {
    ...ACCESS_FLAGS,
    'plain-http': 'bool',
    'pass-credentials': 'bool',
    version: 'value',
    repo: 'value',
    devel: 'bool',
    verify: 'bool',
    keyring: 'value',
  },
  short: {},
}

/** Who asks, and whom to trust. */
export const accessOptions = (flags: Flags): Access => ({
  username: flags.get('username'),
  password: flags.get('password'),
  passCredentials: flags.has('pass-credentials'),
  caFile: flags.get('ca-file'),
  certFile: flags.get('cert-file'),
  keyFile: flags.get('key-file'),
  insecureSkipTlsVerify: flags.has('insecure-skip-tls-verify'),
})

export const locateOptions = (flags: Flags): LocateOptions => ({
  version: flags.get('version') ?? (flags.has('devel') ? '>0.0.0-0' : ''),
  repo: flags.get('repo'),
  ...accessOptions(flags),
  plainHttp: flags.has('plain-http'),
  ...(flags.has('verify') ? { verify: { keyring: flags.get('keyring') } } : {}),
})

/** The chart that a release is made of; with --dependency-update a folder's charts/ is filled first. */
export async function chartForRelease(reference: string, flags: Flags): Promise<Chart> {
  const { locateChart } = await import('../../../helmlike/package/locate.ts')
  if (flags.has('dependency-update') && existsSync(join(reference, 'Chart.yaml'))) {
    const { updateDependencies } = await import('../../../helmlike/package/dependency-build.ts')
    await updateDependencies(reference, new Date(), { ...accessOptions(flags), plainHttp: flags.has('plain-http') })
  }
  return locateChart(reference, locateOptions(flags))
}
