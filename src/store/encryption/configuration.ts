import { readConfigFile } from '../../apimachinery/config-file.ts'
import { ConfigError, duration, fields, listOf, optional, text, wholeNumber } from '../../apimachinery/config-shape.ts'
import { writeDuration } from '../../apimachinery/duration.ts'
import type { KmsOptions } from './kms/provider.ts'
import { aesCbc, aesGcm, type Sealer, secretbox } from './providers.ts'

/** What is done with the values of some resources. */
export interface EncryptionRule {
  /** `resource.group`, or `resource` of the core group; `*.group`, `*.` (core) and `*.*`. */
  readonly resources: readonly string[]
  /** undefined: identity, the value as it is. The first one writes; all are tried to read. */
  readonly providers: readonly (Sealer | undefined)[]
}

const keys = fields({ keys: listOf(fields({ name: text, secret: text })) })
const kms = fields({
  apiVersion: optional(text),
  name: text,
  cachesize: optional(wholeNumber),
  endpoint: text,
  timeout: optional(duration),
})
const shape = fields({
  resources: listOf(
    fields({
      resources: listOf(text),
      providers: listOf(
        fields({
          aesgcm: optional(keys),
          aescbc: optional(keys),
          secretbox: optional(keys),
          identity: optional(fields({})),
          kms: optional(kms),
        }),
      ),
    }),
  ),
})
type File = ReturnType<typeof shape>
type Provider = File['resources'][number]['providers'][number]

const sealers = {
  aesgcm: { make: aesGcm, sizes: [16, 24, 32] },
  aescbc: { make: aesCbc, sizes: [16, 24, 32] },
  secretbox: { make: secretbox, sizes: [32] },
} as const

/** Makes the Sealer of a KMS plugin. */
type MakeKms = (options: KmsOptions) => Sealer

/**
 * Reads an EncryptionConfiguration (apiserver.config.k8s.io/v1). Throws an Error that says where it is wrong; keys are never shown.
 * `makeKms` is called when the whole file is known to be good.
 */
export function readEncryptionConfiguration(textOfFile: string, origin: string, makeKms: MakeKms): EncryptionRule[] {
  const kinds = ['apiserver.config.k8s.io/v1/EncryptionConfiguration']
  const drafts = readConfigFile(textOfFile, origin, kinds, (value, at) => draftsOf(shape(value, at)))
  return drafts.map(({ resources, providers }) => ({ resources, providers: providers.map((make) => make(makeKms)) }))
}

/** A rule whose plugins nobody has called yet. */
interface Draft {
  readonly resources: readonly string[]
  readonly providers: readonly ((makeKms: MakeKms) => Sealer | undefined)[]
}

const required = (at: string, what: string): ConfigError => new ConfigError(at, `Required value: ${what}`)

function draftsOf({ resources }: File): Draft[] {
  if (resources.length === 0) throw required('resources', 'at least one resources is required')
  const kmsNames = new Set<string>()
  return resources.map((rule, i) => {
    const at = `resources[${i}]`
    for (const part of ['resources', 'providers'] as const)
      if (rule[part].length === 0) throw required(`${at}.${part}`, `at least one ${at}.${part} is required`)
    checkNames(rule.resources, `${at}.resources`)
    return {
      resources: rule.resources,
      providers: rule.providers.flatMap((p, j) => sealersOf(p, `${at}.providers[${j}]`, kmsNames)),
    }
  })
}

const withoutApi = ['apiserveripinfo', 'serviceipallocations', 'servicenodeportallocations']

/** As kube-apiserver refuses them (pkg/apis/apiserver/validation). */
function checkNames(names: readonly string[], at: string): void {
  names.forEach((name, i) => {
    const refuse = (why: string) => new ConfigError(`${at}[${i}]`, `Invalid value: "${name}": ${why}`)
    const { resource, group } = split(name)
    if (/[A-Z]/.test(name)) throw refuse('resource name should not contain capital letters')
    if (name === '*') throw refuse("use '*.' to encrypt all the resources from core API group or *.* to encrypt all resources")
    if (withoutApi.includes(name)) throw refuse('resources which do not have REST API/s cannot be encrypted')
    if (group === 'events.k8s.io')
      throw refuse(
        "'*.events.k8s.io' objects are stored using the 'events' API group in etcd. Use 'events' instead in the config file",
      )
    if (group === 'extensions') throw refuse("'extensions' group has been removed and cannot be used for encryption")
    if (group === '*' && resource !== '*') throw refuse('encrypting the same resource across groups is not supported')
  })
  if (new Set(names).size < names.length)
    throw new ConfigError(at, `Invalid value: ${JSON.stringify(names)}: the same resource cannot be specified multiple times`)
  const all = names.filter((n) => n.startsWith('*.'))
  const masked = all.some((a) => names.some((n) => n !== a && (a === '*.*' || split(n).group === split(a).group)))
  if (masked)
    throw new ConfigError(
      at,
      `Invalid value: ${JSON.stringify(names)}: using overlapping resources such as 'secrets' and '*.' in the same resource list is not allowed as they will be masked`,
    )
}

export function split(name: string): { resource: string; group: string } {
  const dot = name.indexOf('.')
  return dot < 0 ? { resource: name, group: '' } : { resource: name.slice(0, dot), group: name.slice(dot + 1) }
}

function sealersOf(provider: Provider, at: string, kmsNames: Set<string>): Draft['providers'] {
  const given = Object.keys(provider)
  if (given.length > 1)
    throw new ConfigError(at, 'more than one provider specified in a single element, should split into different list elements')
  if (given.length === 0)
    throw new ConfigError(at, 'provider does not contain any of the expected providers: KMS, AESGCM, AESCBC, Secretbox, Identity')
  if (provider.kms) {
    const options = kmsOptions(provider.kms, `${at}.kms`, kmsNames)
    return [(makeKms) => makeKms(options)]
  }
  if (provider.identity) return [() => undefined]
  const kind = given[0] as keyof typeof sealers
  const { make, sizes } = sealers[kind]
  const list = provider[kind]?.keys ?? []
  if (list.length === 0) throw required(`${at}.${kind}.keys`, 'at least one keys is required')
  return list.map(({ name, secret }, i) => {
    const place = `${at}.${kind}.keys[${i}]`
    if (name === '') throw required(`${place}.name`, 'name is a mandatory field for a key')
    if (secret === '') throw required(`${place}.secret`, 'secret is a mandatory field for a key')
    // kube-apiserver takes such a name and then cannot tell where it ends.
    if (name.includes(':')) throw new ConfigError(`${place}.name`, 'must be given, without ":"')
    const key = Buffer.from(secret, 'base64')
    const redacted = (why: string) => new ConfigError(`${place}.secret`, `Invalid value: "REDACTED": ${why}`)
    if (key.toString('base64').replace(/=+$/, '') !== secret.replace(/=+$/, '')) throw redacted('secrets must be base64 encoded')
    if (!(sizes as readonly number[]).includes(key.length))
      throw redacted(`secret is not of the expected length, got ${key.length}, expected one of [${sizes.join(' ')}]`)
    return () => make(name, key)
  })
}

const defaultTimeoutMs = 3000

/** As validateKMSConfiguration checks it, in its order. v1, also by default, is behind a feature gate that is off. */
function kmsOptions(given: NonNullable<Provider['kms']>, at: string, names: Set<string>): KmsOptions {
  const { apiVersion = 'v1', name, endpoint, timeout = defaultTimeoutMs, cachesize } = given
  const invalid = (field: string, value: unknown, why: string) =>
    new ConfigError(`${at}.${field}`, `Invalid value: ${JSON.stringify(value)}: ${why}`)
  if (name === '') throw required(`${at}.name`, 'name is a mandatory field for a provider')
  if (apiVersion !== 'v1') {
    if (name.includes(':')) throw invalid('name', name, `invalid KMS provider name ${name}, must not contain ':'`)
    if (names.has(name)) throw invalid('name', name, `duplicate KMS provider name ${name}, names must be unique`)
  }
  names.add(name)
  if (timeout <= 0) throw invalid('timeout', writeDuration(timeout * 1e6), 'timeout should be a positive value')
  checkEndpoint(endpoint, (why) => invalid('endpoint', endpoint, why))
  if (apiVersion !== 'v1' && cachesize !== undefined) throw invalid('cachesize', cachesize, 'cachesize is not supported in v2')
  if (apiVersion === 'v1' && cachesize === 0)
    throw invalid('cachesize', 0, 'cachesize should be a positive value, or negative to disable')
  if (apiVersion === 'v1')
    throw new ConfigError(
      at,
      'KMSv1 is deprecated and will only receive security updates going forward. Use KMSv2 instead.  Set --feature-gates=KMSv1=true to use the deprecated KMSv1 feature.',
    )
  if (apiVersion !== 'v2')
    throw invalid('apiVersion', apiVersion, 'unsupported apiVersion apiVersion for KMS provider, only v1 and v2 are supported')
  return { name, endpoint, timeoutMs: timeout }
}

function checkEndpoint(endpoint: string, invalid: (why: string) => ConfigError): void {
  if (endpoint === '') throw invalid('endpoint is a mandatory field for a kms')
  const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(endpoint)?.[1]?.toLowerCase() ?? ''
  if (scheme !== 'unix') throw invalid(`unsupported scheme ${JSON.stringify(scheme)} for KMS provider, only unix is supported`)
  if (!URL.canParse(endpoint)) throw invalid('invalid endpoint for kms provider, error: it cannot be parsed')
}
