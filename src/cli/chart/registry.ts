// `slipway chart registry login|logout HOST`: credentials for OCI registries, in Helm's own file.
import { login, logout } from '../../helmlike/package/registry-login.ts'
import { type Family, onlyArgument, parseFamily } from './flags/flags.ts'
import { accessOptions } from './flags/locate.ts'
import { passwordFromInput } from './flags/password.ts'
import { print } from './release.ts'

export const FAMILY: Family = {
  login: {
    flags: {
      username: 'value',
      password: 'value',
      'password-stdin': 'bool',
      insecure: 'bool',
      'plain-http': 'bool',
      'ca-file': 'value',
      'cert-file': 'value',
      'key-file': 'value',
    },
    short: { u: 'username', p: 'password' },
  },
  logout: { flags: {}, short: {} },
}

export async function run(argv: string[]): Promise<number> {
  const { verb, flags } = parseFamily(argv, FAMILY, 'registry login|logout HOST')
  const host = onlyArgument(flags, `registry ${verb} HOST`)
  if (verb === 'logout') {
    print(logout(host) ? `Removing login credentials for ${host}` : `Not logged in to ${host}`)
    return 0
  }
  const username = flags.get('username')
  const password = flags.has('password-stdin') ? passwordFromInput() : flags.get('password')
  if (username === undefined || password === undefined || password === '')
    throw new Error('a username and a password are needed: slipway chart registry login HOST -u NAME --password-stdin < FILE')
  if (flags.get('password') !== undefined)
    process.stderr.write('warning: a password on the command line can be seen by others; use --password-stdin\n')
  await login(host, {
    ...accessOptions(flags),
    username,
    password,
    insecureSkipTlsVerify: flags.has('insecure'),
    plainHttp: flags.has('plain-http'),
  })
  print('Login Succeeded')
  return 0
}
