// The flags that say where a chart comes from.
import type { Access } from '../../helmlike/package/http.ts'
import type { LocateOptions } from '../../helmlike/package/locate.ts'
import type { Flags, FlagTable } from './flags.ts'

export const LOCATE_FLAGS: FlagTable = {
  flags: {
    version: 'value',
    repo: 'value',
    username: 'value',
    password: 'value',
    'pass-credentials': 'bool',
    'ca-file': 'value',
    'cert-file': 'value',
    'key-file': 'value',
    'insecure-skip-tls-verify': 'bool',
    'plain-http': 'bool',
    devel: 'bool',
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
})
