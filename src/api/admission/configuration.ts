import { readBareConfigFile, readConfigFile } from '../../apimachinery/config-file.ts'
import { ConfigError, fields, listOf, oneOf, optional, type Shape, text, wholeNumber } from '../../apimachinery/config-shape.ts'
import type { Toleration } from '../../apimachinery/kinds.generated.ts'
import type { EventLimit } from './plugins/event-rate-limit.ts'
import type { Tolerated } from './plugins/pod-toleration-restriction.ts'

/** What an AdmissionConfiguration says of single plugins. */
export interface PluginConfiguration {
  readonly eventLimits?: readonly EventLimit[]
  /** Of PodNodeSelector, by namespace. */
  readonly nodeSelectors?: Readonly<Record<string, string>>
  readonly tolerated?: Tolerated
}

const anyObject: Shape<object> = (value, at) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new ConfigError(at, 'must be an object')
  return value
}

const shape = fields({
  plugins: optional(listOf(fields({ name: text, path: optional(text), configuration: optional(anyObject) }))),
})

/**
 * Reads an AdmissionConfiguration (apiserver.config.k8s.io/v1). `read`: gives the content of the file that a plugin's `path` names. Throws an Error
 * that says where it is wrong.
 */
export async function readAdmissionConfiguration(
  textOfFile: string,
  origin: string,
  read: (path: string) => Promise<string>,
): Promise<PluginConfiguration> {
  const kinds = ['apiserver.config.k8s.io/v1/AdmissionConfiguration', 'apiserver.k8s.io/v1alpha1/AdmissionConfiguration']
  const { plugins = [] } = readConfigFile(textOfFile, origin, kinds, shape)
  const found: PluginConfiguration = {}
  for (const { name, path, configuration } of plugins) {
    const reader = Object.hasOwn(readers, name) ? readers[name as keyof typeof readers] : undefined
    if (!reader) throw new Error(`${origin}: plugins: ${name} takes no configuration here`)
    const content = configuration ? JSON.stringify(configuration) : path === undefined ? undefined : await read(path)
    if (content !== undefined) Object.assign(found, reader(content, `${origin}: ${name}`))
  }
  return found
}

const limitsShape = fields({
  limits: listOf(
    fields({
      type: oneOf('Server', 'Namespace', 'User', 'SourceAndObject'),
      qps: positive(wholeNumber),
      burst: positive(wholeNumber),
      cacheSize: optional(wholeNumber),
    }),
  ),
})

const toleration = fields({
  key: optional(text),
  operator: optional(text),
  value: optional(text),
  effect: optional(text),
  tolerationSeconds: optional(wholeNumber),
})
const toleratedShape = fields({ default: optional(listOf(toleration)), whitelist: optional(listOf(toleration)) })

const texts: Shape<Readonly<Record<string, string>>> = (value, at) =>
  Object.fromEntries(Object.entries(anyObject(value, at)).map(([key, item]) => [key, text(item, `${at}.${key}`)]))

const readers = {
  EventRateLimit: (content: string, origin: string): PluginConfiguration => ({
    eventLimits: readConfigFile(content, origin, ['eventratelimit.admission.k8s.io/v1alpha1/Configuration'], limitsShape).limits,
  }),
  PodNodeSelector: (content: string, origin: string): PluginConfiguration => {
    const { podNodeSelectorPluginConfig = {} } = readBareConfigFile(
      content,
      origin,
      fields({ podNodeSelectorPluginConfig: optional(texts) }),
    )
    return { nodeSelectors: podNodeSelectorPluginConfig }
  },
  PodTolerationRestriction: (content: string, origin: string): PluginConfiguration => {
    const kinds = ['podtolerationrestriction.admission.k8s.io/v1alpha1/Configuration']
    const read = readConfigFile(content, origin, kinds, toleratedShape) as {
      readonly default?: readonly Toleration[]
      readonly whitelist?: readonly Toleration[]
    }
    return { tolerated: read }
  },
}

function positive(number: Shape<number>): Shape<number> {
  return (value, at) => {
    if (number(value, at) <= 0) throw new ConfigError(at, 'must be positive')
    return value as number
  }
}
