import { type AuthorizerEntry, type AuthorizerType, authorizerTypes } from '../../../api/auth/authorization/configuration.ts'
import { durationMs } from '../duration.ts'

export const authorizationFlags = {
  'authorization-config': { type: 'string' },
  'authorization-mode': { type: 'string' },
  'authorization-webhook-config-file': { type: 'string' },
  'authorization-webhook-version': { type: 'string' },
  'authorization-webhook-cache-authorized-ttl': { type: 'string' },
  'authorization-webhook-cache-unauthorized-ttl': { type: 'string' },
} as const

export const authorizationHelp = `
  --authorization-config FILE   AuthorizationConfiguration: which authorizers are asked, in order (Node, RBAC, webhooks, AlwaysAllow,
                            AlwaysDeny); read again when it changes. Default: Node and RBAC
  --authorization-mode A,B  the same without a file, by types; a Webhook has --authorization-webhook-config-file (a kubeconfig),
                            --authorization-webhook-version (v1 or v1beta1, the default), --authorization-webhook-cache-authorized-ttl
                            (5m) and --authorization-webhook-cache-unauthorized-ttl (30s)
`

export type AuthorizationValues = { readonly [K in keyof typeof authorizationFlags]?: string | undefined }

/** The chain that kube-apiserver makes of its flags, of Node and RBAC without any. Throws Errors in its words. */
export function entriesOfFlags(values: AuthorizationValues): AuthorizerEntry[] {
  const given = Object.keys(authorizationFlags).filter((name) => values[name as keyof AuthorizationValues] !== undefined)
  const byFlags = given.filter((name) => name !== 'authorization-config')
  if (byFlags.length > 0 && given.length > byFlags.length)
    throw new Error(
      '--authorization-config can not be specified when --authorization-mode or --authorization-webhook-* flags are defined',
    )
  const modes = (values['authorization-mode'] ?? 'Node,RBAC').split(',').filter((mode) => mode !== '')
  if (modes.length === 0) throw new Error('at least one authorization-mode must be passed')
  const file = values['authorization-webhook-config-file']
  for (const mode of modes) {
    if (!isType(mode)) throw new Error(`authorization-mode ${JSON.stringify(mode)} is not a valid mode`)
    if (mode === 'Webhook' && !file) throw new Error("authorization-mode Webhook's authorization config file not passed")
  }
  if (file && !modes.includes('Webhook'))
    throw new Error('cannot specify --authorization-webhook-config-file without mode Webhook')
  if (new Set(modes).size < modes.length)
    throw new Error(`authorization-mode [${modes.map((m) => JSON.stringify(m)).join(' ')}] has mode specified more than once`)
  return modes.map((type) => entryOf(type as AuthorizerType, values))
}

const isType = (mode: string): mode is AuthorizerType => (authorizerTypes as readonly string[]).includes(mode)

function entryOf(type: AuthorizerType, values: AuthorizationValues): AuthorizerEntry {
  if (type !== 'Webhook') return { type, name: type.toLowerCase() }
  const version = values['authorization-webhook-version'] ?? 'v1beta1'
  if (version !== 'v1' && version !== 'v1beta1')
    throw new Error(`unsupported webhook authorizer version ${JSON.stringify(version)}, supported versions are "v1", "v1beta1"`)
  const ttl = (
    flag: 'authorization-webhook-cache-authorized-ttl' | 'authorization-webhook-cache-unauthorized-ttl',
    usual: string,
  ) => durationMs(flag, values[flag] ?? usual)
  const webhook = {
    authorizedTtlMs: ttl('authorization-webhook-cache-authorized-ttl', '5m'),
    unauthorizedTtlMs: ttl('authorization-webhook-cache-unauthorized-ttl', '30s'),
    timeoutMs: 30_000,
    version,
    failurePolicy: 'NoOpinion',
    kubeConfigFile: values['authorization-webhook-config-file'] ?? '',
    matchConditions: [],
  } as const
  return { type, name: 'default', webhook }
}
