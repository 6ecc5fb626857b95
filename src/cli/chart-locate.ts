// The flags that say where a chart comes from.
import type { LocateOptions } from '../helmlike/package/locate.ts'
import type { Flags, FlagTable } from './chart-flags.ts'

export const LOCATE_FLAGS: FlagTable = {
  flags: { version: 'value', repo: 'value', username: 'value', password: 'value', 'plain-http': 'bool', devel: 'bool' },
  short: {},
}

export const locateOptions = (flags: Flags): LocateOptions => ({
  version: flags.get('version') ?? (flags.has('devel') ? '>0.0.0-0' : ''),
  repo: flags.get('repo'),
  username: flags.get('username'),
  password: flags.get('password'),
  plainHttp: flags.has('plain-http'),
})
