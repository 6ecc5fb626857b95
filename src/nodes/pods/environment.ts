import type { ConfigMap, Pod, Secret, Service } from '../../apimachinery/kinds.generated.ts'
import { ConfigError } from './config-error.ts'
import { fieldValue, resourceValue } from './downward.ts'
import type { AnyContainer } from './view.ts'

/** What a pod's spec may refer to. Each answers undefined when the object does not exist. */
export interface References {
  configMap(namespace: string, name: string): Promise<ConfigMap | undefined>
  secret(namespace: string, name: string): Promise<Secret | undefined>
}

interface EnvironmentFacts {
  readonly references: References
  readonly podIps: readonly string[]
  readonly hostIps: readonly string[]
  readonly allocatable: Readonly<Record<string, string>>
  /** Variables of the services the pod may know. */
  readonly services: Readonly<Record<string, string>>
  /** The text of a file in a volume of the pod, for fileKeyRef. */
  readonly volumeFile: (volume: string, path: string) => Promise<string | undefined>
}

/** Replaces `$(NAME)` where NAME is known; `$$(NAME)` stays as `$(NAME)`. */
export function expand(text: string, known: Readonly<Record<string, string>>): string {
  return text.replace(/\$\$|\$\(([^()]*)\)/g, (all, name: string | undefined) =>
    all === '$$' ? '$' : name !== undefined && Object.hasOwn(known, name) ? (known[name] ?? '') : all,
  )
}

const configError = (message: string) => new ConfigError('CreateContainerConfigError', message)
const decode = (base64: string): string => Buffer.from(base64, 'base64').toString('utf8')

async function fromSources(
  pod: Pod,
  container: AnyContainer,
  facts: EnvironmentFacts,
  result: Record<string, string>,
): Promise<void> {
  const namespace = pod.metadata.namespace ?? ''
  for (const source of container.envFrom ?? []) {
    const ref = source.configMapRef ?? source.secretRef
    if (!ref) continue
    const kind = source.configMapRef ? 'configmap' : 'secret'
    const name = ref.name ?? ''
    const found = source.configMapRef
      ? await facts.references.configMap(namespace, name)
      : await facts.references.secret(namespace, name)
    if (!found && !ref.optional) throw configError(`${kind} "${name}" not found`)
    for (const [key, value] of Object.entries(found?.data ?? {}))
      result[`${source.prefix ?? ''}${key}`] = kind === 'secret' ? decode(value) : value
  }
}

type EnvVar = NonNullable<AnyContainer['env']>[number]

async function valueFrom(pod: Pod, container: AnyContainer, env: EnvVar, facts: EnvironmentFacts): Promise<string | undefined> {
  const from = env.valueFrom ?? {}
  const namespace = pod.metadata.namespace ?? ''
  if (from.fieldRef) return fieldValue(pod, from.fieldRef.fieldPath, facts)
  if (from.resourceFieldRef) return resourceValue(pod, from.resourceFieldRef, facts.allocatable, container)
  const ref = from.configMapKeyRef ?? from.secretKeyRef
  if (ref) {
    const name = ref.name ?? ''
    const kind = from.configMapKeyRef ? 'configmap' : 'secret'
    const found = from.configMapKeyRef
      ? await facts.references.configMap(namespace, name)
      : await facts.references.secret(namespace, name)
    const value = found?.data && Object.hasOwn(found.data, ref.key) ? found.data[ref.key] : undefined
    if (value !== undefined) return kind === 'secret' ? decode(value) : value
    if (ref.optional) return undefined
    if (!found) throw configError(`${kind} "${name}" not found`)
    throw configError(`couldn't find key ${ref.key} in ${kind === 'secret' ? 'Secret' : 'ConfigMap'} ${namespace}/${name}`)
  }
  if (from.fileKeyRef) {
    const { volumeName, path, key, optional } = from.fileKeyRef
    const text = await facts.volumeFile(volumeName, path)
    const line = text?.split('\n').find((l) => l.trimStart().startsWith(`${key}=`))
    if (line !== undefined)
      return line
        .trimStart()
        .slice(key.length + 1)
        .replace(/^(['"])(.*)\1$/, '$2')
    if (!optional) throw configError(`environment variable key "${key}" not found in file "${path}"`)
  }
  return undefined
}

/** All variables of `container`. Throws ConfigError for what is missing and not optional. */
export async function environmentOf(pod: Pod, container: AnyContainer, facts: EnvironmentFacts): Promise<Record<string, string>> {
  const result: Record<string, string> = Object.create(null)
  await fromSources(pod, container, facts, result)
  // Services are known to $(…) but give way to what the container says itself.
  const known: Record<string, string> = Object.assign(Object.create(null), facts.services, result)
  for (const env of container.env ?? []) {
    const value = env.valueFrom ? await valueFrom(pod, container, env, facts) : expand(env.value ?? '', known)
    if (value === undefined) continue
    result[env.name] = value
    known[env.name] = value
  }
  for (const [name, value] of Object.entries(facts.services)) if (!(name in result)) result[name] = value
  return result
}

const hasClusterIp = (s: Service): boolean =>
  s.spec?.clusterIP !== undefined && s.spec.clusterIP !== '' && s.spec.clusterIP !== 'None'

/**
 * Variables as Docker links made them: `WEB_SERVICE_HOST`, `WEB_PORT_80_TCP_ADDR`… of the namespace's services (when the
 * pod wants service links) and of `default/kubernetes` always.
 */
export function serviceVariables(services: readonly Service[], namespace: string, links: boolean): Record<string, string> {
  const result: Record<string, string> = {}
  const wanted = new Map<string, Service>()
  for (const s of services) {
    const { name = '', namespace: own } = s.metadata
    const isMaster = own === 'default' && name === 'kubernetes'
    if (!hasClusterIp(s) || (!isMaster && (!links || own !== namespace))) continue
    if (!wanted.has(name) || own === namespace) wanted.set(name, s)
  }
  for (const [name, service] of wanted) Object.assign(result, variablesOf(name, service))
  return result
}

function variablesOf(name: string, service: Service): Record<string, string> {
  const prefix = name.toUpperCase().replaceAll('-', '_')
  const ip = service.spec?.clusterIP ?? ''
  const ports = service.spec?.ports ?? []
  const result: Record<string, string> = {
    [`${prefix}_SERVICE_HOST`]: ip,
    [`${prefix}_SERVICE_PORT`]: String(ports[0]?.port ?? ''),
  }
  for (const port of ports) {
    if (port.name) result[`${prefix}_SERVICE_PORT_${port.name.toUpperCase().replaceAll('-', '_')}`] = String(port.port)
  }
  for (const [index, port] of ports.entries()) {
    const protocol = port.protocol ?? 'TCP'
    const url = `${protocol.toLowerCase()}://${ip.includes(':') ? `[${ip}]` : ip}:${port.port}`
    if (index === 0) result[`${prefix}_PORT`] = url
    const base = `${prefix}_PORT_${port.port}_${protocol}`
    Object.assign(result, {
      [base]: url,
      [`${base}_PROTO`]: protocol.toLowerCase(),
      [`${base}_PORT`]: String(port.port),
      [`${base}_ADDR`]: ip,
    })
  }
  return result
}
