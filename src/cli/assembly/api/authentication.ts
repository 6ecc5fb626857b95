import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { certificatesIn, type FrontProxyTrust } from '../../../api/auth/front-proxy.ts'
import { createJwtAuthenticator, type JwtAuthenticator } from '../../../api/auth/jwt/authenticator.ts'
import {
  type AnonymousLimits,
  allAlgorithms,
  jwtIssuer,
  readAuthenticationConfiguration,
} from '../../../api/auth/jwt/configuration.ts'
import { JwtMetrics } from '../../../api/auth/jwt/metrics.ts'
import type { MetricLines } from '../../../api/health/metrics.ts'
import { ReloadMetrics } from '../../../api/health/reload-metrics.ts'
import { ConfigError } from '../../../apimachinery/config-shape.ts'
import { ReloadedFile, TryLater } from './reloaded-file.ts'

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
                            and which paths may be asked for without credentials; its issuers are read again when it changes
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

/** Who is believed, and what follows the file that says so. */
export interface OpenAuthentication {
  readonly jwt: JwtAuthenticator
  readonly anonymous: AnonymousLimits | undefined
  readonly metrics: readonly MetricLines[]
  close(): void
}

/** How long new issuers may take until they can be asked; kube-apiserver's. */
const usualPatienceMs = 60_000

/** Throws for flags and files that are not good. `ownIssuers`: tokens of these are the server's own. */
export async function openAuthentication(
  values: Values,
  ownIssuers: readonly string[],
  patienceMs = usualPatienceMs,
): Promise<OpenAuthentication> {
  const file = values['authentication-config']
  const anonymous = anonymousOf(values['anonymous-auth'])
  const given = Object.keys(values).filter((k) => k.startsWith('oidc-') && values[k as keyof Values] !== undefined)
  if (file && given.length > 0)
    throw new Error(
      `authentication-config file and oidc-* flags are mutually exclusive: put the issuer of --${given[0]} into the file`,
    )
  if (file) return followed(file, anonymous, ownIssuers, patienceMs)
  if (given.length === 0) return { jwt: createJwtAuthenticator([]), anonymous, metrics: [], close: () => {} }
  const metrics = new JwtMetrics(hostname())
  const jwt = createJwtAuthenticator([await issuerOfFlags(values, ownIssuers)], { metrics })
  return { jwt, anonymous, metrics: [metrics], close: () => {} }
}

/** An AuthenticationConfiguration, read again whenever it changes. */
async function followed(
  file: string,
  flag: AnonymousLimits | undefined,
  ownIssuers: readonly string[],
  patienceMs: number,
): Promise<OpenAuthentication> {
  const origin = `--authentication-config ${file}`
  const read = (text: string) => readAuthenticationConfiguration(text, origin, ownIssuers)
  const content = await readFile(file, 'utf8')
  const first = read(content)
  if (flag && first.anonymous) throw new Error(`${origin}: anonymous: cannot be set together with --anonymous-auth`)
  const metrics = new JwtMetrics(hostname())
  const reloads = new ReloadMetrics('authentication', hostname(), content)
  let now = { issuers: first.issuers, jwt: createJwtAuthenticator(first.issuers, { metrics }) }
  const apply = async (text: string) => {
    const { issuers, anonymous } = read(text)
    if (JSON.stringify(anonymous) !== JSON.stringify(first.anonymous))
      throw new Error(`${origin}: anonymous: Forbidden: changed from initial configuration file`)
    const jwt = createJwtAuthenticator(issuers, { metrics })
    await readyInTime(jwt, patienceMs)
    for (const { url } of now.issuers) if (!issuers.some((i) => i.url === url)) metrics.forget(url)
    now = { issuers, jwt }
  }
  const reloaded = new ReloadedFile({ path: file, subject: 'authentication config', content, apply, metrics: reloads })
  await reloaded.follow()
  // It may have changed since it was read.
  await reloaded.check()
  return {
    jwt: { read: (token) => now.jwt.read(token), ready: () => now.jwt.ready() },
    anonymous: flag ?? first.anonymous,
    metrics: [metrics, reloads],
    close: () => reloaded.close(),
  }
}

const againMs = 10_000

/** Those who were believed are, until all the new ones can be. Throws TryLater when that takes too long. */
async function readyInTime(jwt: JwtAuthenticator, patienceMs: number): Promise<void> {
  const deadline = performance.now() + patienceMs
  for (;;) {
    try {
      return await jwt.ready()
    } catch (error) {
      if (performance.now() + againMs > deadline) throw new TryLater((error as Error).message)
    }
    await pause(againMs, undefined, { ref: false })
  }
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
  if (!url || !client)
    throw new Error('oidc-issuer-url and oidc-client-id must be specified together when any oidc-* flags are set')
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
