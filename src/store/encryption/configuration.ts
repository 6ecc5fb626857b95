import { readConfigFile } from '../../apimachinery/config-file.ts'
import { ConfigError, fields, listOf, optional, type Shape, text } from '../../apimachinery/config-shape.ts'
import { aesCbc, aesGcm, type Sealer, secretbox } from './providers.ts'

/** What is done with the values of some resources. */
export interface EncryptionRule {
  /** `resource.group`, or `resource` of the core group; `*.group`, `*.` (core) and `*.*`. */
  readonly resources: readonly string[]
  /** undefined: identity, the value as it is. The first one writes; all are tried to read. */
  readonly providers: readonly (Sealer | undefined)[]
}

const keys = fields({ keys: listOf(fields({ name: text, secret: text })) })
const anything: Shape<unknown> = (value) => value
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
          kms: optional(anything),
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

/** Reads an EncryptionConfiguration (apiserver.config.k8s.io/v1). Throws an Error that says where it is wrong; keys are never shown. */
export function readEncryptionConfiguration(textOfFile: string, origin: string): EncryptionRule[] {
  const kinds = ['apiserver.config.k8s.io/v1/EncryptionConfiguration']
  return readConfigFile(textOfFile, origin, kinds, (value, at) => rulesOf(shape(value, at)))
}

function rulesOf({ resources }: File): EncryptionRule[] {
  if (resources.length === 0) throw new ConfigError('resources', 'at least one is required')
  return resources.map((rule, i) => {
    const at = `resources[${i}]`
    if (rule.resources.length === 0) throw new ConfigError(`${at}.resources`, 'at least one is required')
    if (rule.providers.length === 0) throw new ConfigError(`${at}.providers`, 'at least one is required')
    checkNames(rule.resources, `${at}.resources`)
    return {
      resources: rule.resources,
      providers: rule.providers.flatMap((p, j) => sealersOf(p, `${at}.providers[${j}]`)),
    }
  })
}

/** As kube-apiserver refuses them (pkg/apis/apiserver/validation). */
function checkNames(names: readonly string[], at: string): void {
  names.forEach((name, i) => {
    const refuse = (why: string) => new ConfigError(`${at}[${i}]`, `Invalid value: "${name}": ${why}`)
    const { resource, group } = split(name)
    if (/[A-Z]/.test(name)) throw refuse('resource name should not contain capital letters')
    if (name === '*') throw refuse("use '*.' to encrypt all the resources from core API group or *.* to encrypt all resources")
    if (group === 'events.k8s.io')
      throw refuse("'*.events.k8s.io' objects are stored using the 'events' API group. Use 'events' instead in the config file")
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

function sealersOf(provider: Provider, at: string): (Sealer | undefined)[] {
  const given = Object.keys(provider)
  if (given.length > 1)
    throw new ConfigError(at, 'more than one provider specified in a single element, should split into different list elements')
  if (given.length === 0)
    throw new ConfigError(at, 'provider does not contain any of the expected providers: aesgcm, aescbc, secretbox, identity')
  if (provider.kms !== undefined) throw new ConfigError(`${at}.kms`, 'is not supported: use aesgcm or secretbox')
  if (provider.identity) return [undefined]
  const kind = given[0] as keyof typeof sealers
  const { make, sizes } = sealers[kind]
  const list = provider[kind]?.keys ?? []
  if (list.length === 0) throw new ConfigError(`${at}.${kind}.keys`, 'at least one is required')
  return list.map(({ name, secret }, i) => {
    const place = `${at}.${kind}.keys[${i}]`
    if (name === '' || name.includes(':')) throw new ConfigError(`${place}.name`, 'must be given, without ":"')
    const key = Buffer.from(secret, 'base64')
    if (key.toString('base64').replace(/=+$/, '') !== secret.replace(/=+$/, ''))
      throw new ConfigError(`${place}.secret`, 'secrets must be base64 encoded')
    if (!(sizes as readonly number[]).includes(key.length))
      throw new ConfigError(
        `${place}.secret`,
        `secret is not of the expected length, got ${key.length}, expected one of [${sizes.join(' ')}]`,
      )
    return make(name, key)
  })
}
