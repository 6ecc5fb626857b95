import { readFile } from 'node:fs/promises'
import type { StaticToken } from '../../../api/auth/bearer-tokens.ts'
import type { FrontProxyTrust } from '../../../api/auth/front-proxy.ts'
import { defaultIssuer } from '../../../api/auth/service-account-tokens.ts'
import { readTokenFile } from '../../../api/auth/token-file.ts'
import { durationMs } from '../duration.ts'
import { admissionFlags, admissionHelp, admissionWishes } from './admission.ts'
import type { ApiAssemblyOptions } from './api.ts'
import { auditFlags, auditHelp, openAudit } from './audit.ts'
import {
  authenticationFlags,
  authenticationHelp,
  frontProxyOf,
  type OpenAuthentication,
  openAuthentication,
} from './authentication.ts'
import { openAuthorization } from './authorization.ts'
import { type AuthorizationValues, authorizationFlags, authorizationHelp } from './authorization-flags.ts'
import { flowFlags, flowHelp, flowWishes } from './flow-control.ts'
import {
  type ServiceAccountValues,
  serviceAccountFlags,
  serviceAccountHelp,
  serviceAccountWishes,
} from './service-account-keys.ts'

/** The flags of kube-apiserver that every verb which runs the API has. */
export const apiFlags = {
  ...authenticationFlags,
  ...authorizationFlags,
  ...auditFlags,
  ...flowFlags,
  ...serviceAccountFlags,
  'token-auth-file': { type: 'string' },
  'encryption-provider-config': { type: 'string' },
  'encryption-provider-config-automatic-reload': { type: 'string' },
  'event-ttl': { type: 'string', default: '1h' },
  ...admissionFlags,
} as const

export const apiHelp = `
  --token-auth-file FILE    CSV of bearer tokens: token,user,uid,"group1,group2"
  --encryption-provider-config FILE   EncryptionConfiguration: what is encrypted where it is kept, and by which keys. Default:
                            Secrets, by a key made at the first start (DIR/pki/encryption.yaml); with --store etcd nothing, as
                            other servers would not have that key. A new first key writes from the start on, and writes again what
                            older ones wrote
  --encryption-provider-config-automatic-reload true|false   whether that file is read again when it changes; default false
  --event-ttl 1h            how long Events are kept after they were last written
${admissionHelp}${serviceAccountHelp}${authenticationHelp}${authorizationHelp}${flowHelp}${auditHelp}`

type Values = Parameters<typeof openAuthentication>[0] &
  AuthorizationValues &
  ServiceAccountValues &
  Parameters<typeof openAudit>[0] &
  Parameters<typeof admissionWishes>[0] &
  Parameters<typeof flowWishes>[0] & {
    readonly 'token-auth-file'?: string | undefined
    readonly 'encryption-provider-config'?: string | undefined
    readonly 'encryption-provider-config-automatic-reload'?: string | undefined
    readonly 'event-ttl'?: string | undefined
  }

/** What the flags ask of the API, and of its port. */
export interface ApiWishes {
  readonly api: Pick<
    ApiAssemblyOptions,
    | 'admission'
    | 'audit'
    | 'authentication'
    | 'authorization'
    | 'encryptionConfig'
    | 'encryptionReload'
    | 'eventTtlMs'
    | 'flags'
    | 'flow'
    | 'serviceAccounts'
    | 'staticTokens'
  >
  readonly port: { readonly frontProxy?: FrontProxyTrust }
}

/** Throws for flags and files that are not good. */
export async function apiWishes(values: Values): Promise<ApiWishes> {
  const tokenFile = values['token-auth-file']
  const encryptionConfig = values['encryption-provider-config']
  const authorization = await openAuthorization(values)
  const frontProxy = await frontProxyOf(values)
  const serviceAccounts = await serviceAccountWishes(values)
  return {
    api: {
      authentication: anonymousBeside(await openAuthentication(values, serviceAccounts.issuers ?? [defaultIssuer]), values),
      serviceAccounts,
      eventTtlMs: durationMs('event-ttl', values['event-ttl'] ?? '1h'),
      staticTokens: tokenFile ? await tokensOf(tokenFile) : [],
      admission: await admissionWishes(values),
      flow: flowWishes(values),
      flags: flagsOf(values),
      ...(encryptionConfig ? { encryptionConfig } : {}),
      encryptionReload: reloadOf(values['encryption-provider-config-automatic-reload'], encryptionConfig),
      authorization,
      // Last: it opens a file.
      audit: await openAudit(values),
    },
    port: frontProxy ? { frontProxy } : {},
  }
}

/** Where everything is allowed, those without credentials are nobody, as with kube-apiserver: a file may say otherwise. */
function anonymousBeside(authentication: OpenAuthentication, values: Values): OpenAuthentication {
  if (!values['authorization-mode']?.split(',').includes('AlwaysAllow')) return authentication
  if (values['anonymous-auth'] === undefined && authentication.anonymous) return authentication
  if (values['anonymous-auth'] !== 'false')
    console.error(
      'AnonymousAuth is not allowed with the AlwaysAllow authorizer. Resetting AnonymousAuth to false. You should use a different authorizer',
    )
  return { ...authentication, anonymous: { enabled: false } }
}

/** The values of all flags as /flagz shows them; '' for those that are not given. */
function flagsOf(values: Values): Record<string, string> {
  const all: Record<string, unknown> = { ...Object.fromEntries(Object.keys(apiFlags).map((name) => [name, ''])), ...values }
  const { help: _, 'help-api': __, ...flags } = all
  return Object.fromEntries(
    Object.entries(flags).map(([name, value]) => [name, Array.isArray(value) ? `[${value}]` : `${value ?? ''}`]),
  )
}

function reloadOf(flag: string | undefined, file: string | undefined): boolean {
  if (flag === undefined || flag === 'false') return false
  if (flag !== 'true') throw new Error(`--encryption-provider-config-automatic-reload ${flag}: must be true or false`)
  if (!file) throw new Error('--encryption-provider-config-automatic-reload must be set with --encryption-provider-config')
  return true
}

async function tokensOf(file: string): Promise<StaticToken[]> {
  const text = await readFile(file, 'utf8')
  try {
    return readTokenFile(text)
  } catch (error) {
    throw new Error(`--token-auth-file ${file}: ${(error as Error).message}`)
  }
}
