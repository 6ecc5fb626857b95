import { readFile } from 'node:fs/promises'
import { certificatesIn, type FrontProxyTrust } from '../../api/auth/front-proxy.ts'
import {
  type AnonymousLimits,
  type AuthenticationConfiguration,
  allAlgorithms,
  jwtIssuer,
  readAuthenticationConfiguration,
} from '../../api/auth/jwt/configuration.ts'
import { ConfigError } from '../../apimachinery/config-shape.ts'

export const authenticationFlags = {
  'authentication-config': { type: 'string' },
  'anonymous-auth': { type: 'string' },
  'oidc-issuer-url': { type: 'string' },
  'oidc-client-id': { type: 'string' },
  'oidc-username-claim': { type: 'string' },
  'oidc-username-prefix': { type: 'string' },
  'oidc-groups-claim': { type: 'string' },
  'oidc-groups-prefix': { type: 'string' },
  'oidc-required-claim': { type: 'string', multiple: true },
  'oidc-signing-algs': { type: 'string' },
  'oidc-ca-file': { type: 'string' },
  'requestheader-client-ca-file': { type: 'string' },
  'requestheader-allowed-names': { type: 'string' },
  'requestheader-username-headers': { type: 'string' },
  'requestheader-uid-headers': { type: 'string' },
  'requestheader-group-headers': { type: 'string' },
  'requestheader-extra-headers-prefix': { type: 'string' },
} as const

export const authenticationHelp = `
  --authentication-config FILE   AuthenticationConfiguration: issuers of tokens (OpenID Connect) with claim mappings and rules in CEL,
                            and which paths may be asked for without credentials
  --anonymous-auth true|false    requests without credentials are those of system:anonymous; default true
  --oidc-issuer-url URL     one issuer, without a file; with --oidc-client-id, --oidc-username-claim (default sub),
                            --oidc-username-prefix, --oidc-groups-claim, --oidc-groups-prefix, --oidc-required-claim KEY=VALUE (may be
                            repeated), --oidc-signing-algs (default RS256) and --oidc-ca-file
  --requestheader-client-ca-file FILE   who signs the certificates of proxies that say in headers who asks; with
                            --requestheader-allowed-names, --requestheader-username-headers (default X-Remote-User),
                            --requestheader-uid-headers, --requestheader-group-headers (default X-Remote-Group) and
                            --requestheader-extra-headers-prefix (default X-Remote-Extra-)
`

type Values = {
  readonly [K in keyof typeof authenticationFlags]?: (K extends 'oidc-required-claim' ? readonly string[] : string) | undefined
}

/** Throws for flags and files that are not good. `ownIssuers`: tokens of these are the server's own. */
export async function authenticationOf(
  values: Values,
  ownIssuers: readonly string[],
): Promise<AuthenticationConfiguration | undefined> {
  const file = values['authentication-config']
  const anonymous = anonymousOf(values['anonymous-auth'])
  const given = Object.keys(values).filter((k) => k.startsWith('oidc-') && values[k as keyof Values] !== undefined)
  if (!file) {
    const issuers = given.length > 0 ? [await issuerOfFlags(values, ownIssuers)] : []
    return { issuers, anonymous }
  }
  if (given.length > 0)
    throw new Error(`--authentication-config and --${given[0]} cannot both be given: put the issuer into the file`)
  const origin = `--authentication-config ${file}`
  const read = readAuthenticationConfiguration(await readFile(file, 'utf8'), origin, ownIssuers)
  if (anonymous && read.anonymous) throw new Error(`${origin}: anonymous: cannot be set together with --anonymous-auth`)
  return { issuers: read.issuers, anonymous: anonymous ?? read.anonymous }
}

function anonymousOf(flag: string | undefined): AnonymousLimits | undefined {
  if (flag === undefined) return undefined
  if (flag !== 'true' && flag !== 'false') throw new Error(`--anonymous-auth ${flag}: must be true or false`)
  return { enabled: flag === 'true' }
}

/** What kube-apiserver makes of its --oidc-* flags. */
async function issuerOfFlags(values: Values, ownIssuers: readonly string[]) {
  const url = values['oidc-issuer-url']
  const client = values['oidc-client-id']
  if (!url || !client) throw new Error('--oidc-issuer-url and --oidc-client-id go together')
  const claim = values['oidc-username-claim'] ?? 'sub'
  const groups = values['oidc-groups-claim']
  const ca = values['oidc-ca-file']
  const algorithms = (values['oidc-signing-algs'] ?? 'RS256').split(',')
  const unknown = algorithms.find((a) => !(allAlgorithms as readonly string[]).includes(a))
  if (unknown !== undefined) throw new Error(`--oidc-signing-algs: ${unknown} is none of ${allAlgorithms.join(', ')}`)
  const required = (values['oidc-required-claim'] ?? []).flatMap((text) => text.split(','))
  const entry = {
    issuer: { url, audiences: [client], ...(ca ? { certificateAuthority: await readFile(ca, 'utf8') } : {}) },
    claimMappings: {
      username: { claim, prefix: usernamePrefix(values['oidc-username-prefix'], claim, url) },
      ...(groups ? { groups: { claim: groups, prefix: values['oidc-groups-prefix'] ?? '' } } : {}),
    },
    claimValidationRules: required.map((text) => {
      const equals = text.indexOf('=')
      if (equals < 1) throw new Error(`--oidc-required-claim ${text}: must be KEY=VALUE`)
      return { claim: text.slice(0, equals), requiredValue: text.slice(equals + 1) }
    }),
  }
  try {
    return jwtIssuer(entry, '--oidc', ownIssuers, algorithms)
  } catch (error) {
    throw error instanceof ConfigError ? new Error(`--oidc-issuer-url ${url}: ${error.message}`) : error
  }
}

function usernamePrefix(given: string | undefined, claim: string, url: string): string {
  if (given === '-') return ''
  if (given) return given
  return claim === 'email' ? '' : `${url}#`
}

/** undefined: no proxy is believed. */
export async function frontProxyOf(values: Values): Promise<FrontProxyTrust | undefined> {
  const file = values['requestheader-client-ca-file']
  if (!file) return undefined
  const ca = await readFile(file, 'utf8')
  try {
    certificatesIn(ca)
  } catch (error) {
    throw new Error(`--requestheader-client-ca-file ${file}: ${(error as Error).message}`)
  }
  const list = (text: string | undefined) =>
    (text ?? '')
      .split(',')
      .map((t) => t.trim())
      .filter((t) => t !== '')
  const headers = (name: keyof Values, fallback: string) =>
    list((values[name] as string | undefined) ?? fallback).map((h) => h.toLowerCase())
  return {
    ca,
    allowedNames: list(values['requestheader-allowed-names']),
    usernameHeaders: headers('requestheader-username-headers', 'X-Remote-User'),
    uidHeaders: headers('requestheader-uid-headers', ''),
    groupHeaders: headers('requestheader-group-headers', 'X-Remote-Group'),
    extraPrefixes: headers('requestheader-extra-headers-prefix', 'X-Remote-Extra-'),
  }
}
