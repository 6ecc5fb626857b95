import { readConfigFile } from '../../../apimachinery/config-file.ts'
import { ConfigError, duration, fields, flag, listOf, optional, text } from '../../../apimachinery/config-shape.ts'
import { writeDuration } from '../../../apimachinery/duration.ts'
import { isDns1123Subdomain } from '../../../apimachinery/names.ts'
import { compileMatchConditions, type MatchCondition } from './match-conditions.ts'
import type { ReviewVersion } from './review.ts'

export const authorizerTypes = ['AlwaysAllow', 'AlwaysDeny', 'Node', 'RBAC', 'Webhook'] as const
export type AuthorizerType = (typeof authorizerTypes)[number]

export interface WebhookSettings {
  /** 0: such answers are not kept. */
  readonly authorizedTtlMs: number
  readonly unauthorizedTtlMs: number
  readonly timeoutMs: number
  readonly version: ReviewVersion
  readonly failurePolicy: 'NoOpinion' | 'Deny'
  readonly kubeConfigFile: string
  readonly matchConditions: readonly MatchCondition[]
}

/** One authorizer of the chain. */
export type AuthorizerEntry =
  | { readonly type: Exclude<AuthorizerType, 'Webhook'>; readonly name: string }
  | { readonly type: 'Webhook'; readonly name: string; readonly webhook: WebhookSettings }

const webhook = fields({
  authorizedTTL: optional(duration),
  cacheAuthorizedRequests: optional(flag),
  unauthorizedTTL: optional(duration),
  cacheUnauthorizedRequests: optional(flag),
  timeout: optional(duration),
  subjectAccessReviewVersion: optional(text),
  matchConditionSubjectAccessReviewVersion: optional(text),
  failurePolicy: optional(text),
  connectionInfo: optional(fields({ type: optional(text), kubeConfigFile: optional(text) })),
  matchConditions: optional(listOf(fields({ expression: optional(text) }))),
})
const shape = fields({
  authorizers: optional(listOf(fields({ type: optional(text), name: optional(text), webhook: optional(webhook) }))),
})
type Entry = NonNullable<ReturnType<typeof shape>['authorizers']>[number]
type Webhook = NonNullable<Entry['webhook']>

const required = (at: string, why = ''): ConfigError => new ConfigError(at, why ? `Required value: ${why}` : 'Required value')
const invalid = (at: string, value: unknown, why: string): ConfigError =>
  new ConfigError(at, `Invalid value: ${JSON.stringify(value)}: ${why}`)
const duplicate = (at: string, value: string): ConfigError => new ConfigError(at, `Duplicate value: ${JSON.stringify(value)}`)
const unsupported = (at: string, value: unknown, supported: readonly string[]): ConfigError => {
  const quoted = supported.map((v) => JSON.stringify(v))
  return new ConfigError(at, `Unsupported value: ${JSON.stringify(value)}: supported values: ${quoted.join(', ')}`)
}

/** What is there of a file: undefined when there is none. */
export type FileKind = 'file' | 'other' | undefined

export interface ConfigurationContext {
  /** The flag and file, for errors. */
  readonly origin: string
  readonly fileKind: (path: string) => FileKind
  /** The types that must stay: those at the start of the server. */
  readonly mustHave?: readonly AuthorizerType[]
}

/** Reads an AuthorizationConfiguration (apiserver.config.k8s.io). Throws an Error that says where it is wrong. */
export function readAuthorizationConfiguration(textOfFile: string, context: ConfigurationContext): AuthorizerEntry[] {
  const { origin, mustHave = [], fileKind } = context
  const kinds = ['v1', 'v1beta1', 'v1alpha1'].map((v) => `apiserver.config.k8s.io/${v}/AuthorizationConfiguration`)
  const entries = readConfigFile(textOfFile, origin, kinds, (value, at) =>
    entriesOf(shape(value, at).authorizers ?? [], fileKind),
  )
  const problems = entries.flatMap(({ type, name }) => {
    const expected = type.toLowerCase()
    return type === 'Webhook' || name === expected ? [] : [`expected name ${expected} for authorizer ${type} instead of ${name}`]
  })
  const missing = mustHave.filter((type) => type !== 'Webhook' && !entries.some((e) => e.type === type)).sort()
  if (missing.length > 0) problems.push(`missing required types: [${missing.join(' ')}]`)
  if (problems.length > 0) throw new Error(`${origin}: ${problems.length === 1 ? problems[0] : `[${problems.join(', ')}]`}`)
  return entries
}

function entriesOf(given: readonly Entry[], fileKind: ConfigurationContext['fileKind']): AuthorizerEntry[] {
  if (given.length === 0) throw required('authorizers', 'at least one authorization mode must be defined')
  const [types, names] = [new Set<string>(), new Set<string>()]
  return given.map(({ type = '', name = '', webhook: settings }, i) => {
    const at = `authorizers[${i}]`
    if (type === '') throw required(`${at}.type`)
    if (!isType(type)) throw unsupported(`${at}.type`, type, authorizerTypes)
    if (types.has(type) && type !== 'Webhook') throw duplicate(`${at}.type`, type)
    types.add(type)
    if (name === '') throw required(`${at}.name`)
    if (names.has(name)) throw duplicate(`${at}.name`, name)
    const problems = isDns1123Subdomain(name)
    if (problems.length > 0) throw invalid(`${at}.name`, name, `authorizer name is invalid: ${problems.join(', ')}`)
    names.add(name)
    if (type === 'Webhook') {
      if (!settings) throw required(`${at}.webhook`, 'required when type=Webhook')
      return { type, name, webhook: webhookSettings(settings, at, fileKind) }
    }
    if (settings) throw invalid(`${at}.webhook`, 'non-null', 'may only be specified when type=Webhook')
    return { type, name }
  })
}

const isType = (type: string): type is AuthorizerType => (authorizerTypes as readonly string[]).includes(type)

const longestTimeoutMs = 30_000

/** As ValidateWebhookConfiguration checks it, in its order; the places are the authorizer's, as there. */
function webhookSettings(given: Webhook, at: string, fileKind: ConfigurationContext['fileKind']): WebhookSettings {
  const shown = (ms: number) => writeDuration(ms * 1e6)
  const { timeout = 0, matchConditions = [], subjectAccessReviewVersion: version = '', failurePolicy = '' } = given
  if (timeout === 0) throw required(`${at}.timeout`)
  if (timeout < 0 || timeout > longestTimeoutMs) throw invalid(`${at}.timeout`, shown(timeout), 'must be > 0s and <= 30s')
  const ttl = (field: 'authorizedTTL' | 'unauthorizedTTL', fallback: number): number => {
    const ms = given[field] || fallback
    if (ms < 0) throw invalid(`${at}.${field}`, shown(ms), 'must be > 0s')
    return ms
  }
  const [authorizedMs, unauthorizedMs] = [ttl('authorizedTTL', 300_000), ttl('unauthorizedTTL', 30_000)]
  const chosen = oneOfThese(`${at}.subjectAccessReviewVersion`, version, ['v1', 'v1beta1'])
  const matchVersion = given.matchConditionSubjectAccessReviewVersion ?? ''
  if (matchVersion === '' && matchConditions.length > 0)
    throw required(`${at}.matchConditionSubjectAccessReviewVersion`, 'required if match conditions are specified')
  if (matchVersion !== '') oneOfThese(`${at}.matchConditionSubjectAccessReviewVersion`, matchVersion, ['v1'])
  const policy = oneOfThese(`${at}.failurePolicy`, failurePolicy, ['NoOpinion', 'Deny'])
  return {
    authorizedTtlMs: given.cacheAuthorizedRequests === false ? 0 : authorizedMs,
    unauthorizedTtlMs: given.cacheUnauthorizedRequests === false ? 0 : unauthorizedMs,
    timeoutMs: timeout,
    version: chosen,
    failurePolicy: policy,
    kubeConfigFile: kubeConfigFile(given.connectionInfo ?? {}, `${at}.connectionInfo`, fileKind),
    matchConditions: compileMatchConditions(
      matchConditions.map((c) => c.expression ?? ''),
      `${at}.matchConditions`,
    ),
  }
}

function oneOfThese<const T extends string>(at: string, value: string, supported: readonly T[]): T {
  if (value === '') throw required(at)
  if (!(supported as readonly string[]).includes(value)) throw unsupported(at, value, supported)
  return value as T
}

function kubeConfigFile(
  { type = '', kubeConfigFile: path }: NonNullable<Webhook['connectionInfo']>,
  at: string,
  fileKind: ConfigurationContext['fileKind'],
): string {
  const place = `${at}.kubeConfigFile`
  if (type === '') throw required(`${at}.type`)
  if (type === 'InClusterConfig') {
    if (path !== undefined) throw invalid(place, path, 'can only be set when type=KubeConfigFile')
    throw invalid(`${at}.type`, type, 'this server is the cluster: use KubeConfigFile')
  }
  if (type !== 'KubeConfigFile')
    throw unsupported(`${at}.type`, { Type: type, KubeConfigFile: path ?? null }, ['InClusterConfig', 'KubeConfigFile'])
  if (!path) throw required(place)
  if (!path.startsWith('/')) throw invalid(place, path, 'must be an absolute path')
  const kind = fileKind(path)
  if (kind === undefined) throw invalid(place, path, `error loading file: stat ${path}: no such file or directory`)
  if (kind === 'other') throw invalid(place, path, 'must be a regular file')
  return path
}
