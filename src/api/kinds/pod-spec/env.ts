import { invalid, notSupported, required } from '../../../apimachinery/field-error.ts'
import type {
  EnvFromSource,
  EnvVar,
  FileKeySelector,
  ObjectFieldSelector,
  ResourceFieldSelector,
} from '../../../apimachinery/kinds.generated.ts'
import { isConfigMapKey, isDns1123Subdomain, isQualifiedName, isRelaxedEnvVarName } from '../../../apimachinery/names.ts'
import { parseQuantity, signOf } from '../../../apimachinery/quantity.ts'
import { checkLabel, type Errors, pushInvalid, requireText } from '../errors.ts'
import { checkNoBacksteps } from './paths.ts'

export function validateEnv(vars: readonly EnvVar[], at: string, errors: Errors): void {
  vars.forEach((variable, i) => {
    const path = `${at}[${i}]`
    if (!variable.name) errors.push(required(`${path}.name`))
    else pushInvalid(errors, `${path}.name`, variable.name, isRelaxedEnvVarName(variable.name))
    if (variable.valueFrom) validateValueFrom(variable, `${path}.valueFrom`, errors)
  })
}

const envFieldPaths = new Set([
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
])

function validateValueFrom({ value, valueFrom = {} }: EnvVar, at: string, errors: Errors): void {
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = valueFrom
  if (fieldRef) validateFieldRef(fieldRef, envFieldPaths, `${at}.fieldRef`, errors)
  if (resourceFieldRef) validateResourceFieldRef(resourceFieldRef, false, `${at}.resourceFieldRef`, errors)
  if (configMapKeyRef) validateKeyRef(configMapKeyRef, `${at}.configMapKeyRef`, errors)
  if (secretKeyRef) validateKeyRef(secretKeyRef, `${at}.secretKeyRef`, errors)
  if (fileKeyRef) validateFileKeyRef(fileKeyRef, `${at}.fileKeyRef`, errors)
  const sources = [fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef].filter(Boolean).length
  if (sources === 0) {
    const names = '`fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`'
    errors.push(invalid(at, '', `must specify one of: ${names}`))
  } else if (value) errors.push(invalid(at, '', 'may not be specified when `value` is not empty'))
  else if (sources > 1) errors.push(invalid(at, '', 'may not have more than one field specified at a time'))
}

const subscripted = /^(metadata\.(?:annotations|labels))\['(.*)'\]$/s
const anySubscript = /^(.+)\['(.*)'\]$/s
const podFields = new Set([
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.restartPolicy',
  'spec.serviceAccountName',
  'spec.schedulerName',
  'status.phase',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
])

/** Why `path` is no field of a pod, if it is none. */
function unknownField(version: string, path: string): string | undefined {
  if (version !== 'v1') return `unsupported pod version: ${version}`
  if (anySubscript.test(path)) {
    return subscripted.test(path) ? undefined : `field label does not support subscript: ${path}`
  }
  return podFields.has(path) || path === 'spec.host' ? undefined : `field label not supported: ${path}`
}

/** A reference to a field of the pod; `allowed` are those that may be referred to here. */
export function validateFieldRef(ref: ObjectFieldSelector, allowed: ReadonlySet<string>, at: string, errors: Errors): void {
  if (!requireText(ref.apiVersion, `${at}.apiVersion`, errors)) return
  if (!requireText(ref.fieldPath, `${at}.fieldPath`, errors)) return
  const problem = unknownField(ref.apiVersion ?? '', ref.fieldPath)
  if (problem) {
    errors.push(invalid(`${at}.fieldPath`, ref.fieldPath, `error converting fieldPath: ${problem}`))
    return
  }
  const path = ref.fieldPath === 'spec.host' ? 'spec.nodeName' : ref.fieldPath
  const match = subscripted.exec(path)
  if (match) {
    const [, of = '', key = ''] = match
    const name = of === 'metadata.annotations' ? key.toLowerCase() : key
    pushInvalid(errors, at, name, isQualifiedName(name))
  } else if (!allowed.has(path)) errors.push(notSupported(`${at}.fieldPath`, path, [...allowed].sort()))
}

const resourceFields = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
]
const isHugePagesField = (name: string) => name.startsWith('limits.hugepages-') || name.startsWith('requests.hugepages-')

/** A reference to a resource of a container; in a volume the container must be named. */
export function validateResourceFieldRef(ref: ResourceFieldSelector, inVolume: boolean, at: string, errors: Errors): void {
  if (inVolume && !ref.containerName) errors.push(required(`${at}.containerName`))
  else if (!ref.resource) errors.push(required(`${at}.resource`))
  else if (!resourceFields.includes(ref.resource) && !isHugePagesField(ref.resource)) {
    errors.push(notSupported(`${at}.resource`, ref.resource, resourceFields))
  }
  validateDivisor(ref.resource ?? '', ref.divisor, at, errors)
}

const bytes = new Set(['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'])
const bytesText = "only divisor's values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with the"

function validateDivisor(resource: string, divisor: string | undefined, at: string, errors: Errors): void {
  if (divisor === undefined || signOf(parseQuantity(divisor)) === 0) return
  const refuse = (text: string) => errors.push(invalid(`${at}.divisor`, resource, text))
  if (resource.endsWith('.cpu')) {
    if (divisor !== '1m' && divisor !== '1') refuse("only divisor's values 1m and 1 are supported with the cpu resource")
    return
  }
  if (bytes.has(divisor)) return
  if (resource.endsWith('.memory')) refuse(`${bytesText} memory resource`)
  else if (resource.endsWith('.ephemeral-storage')) refuse(`${bytesText} local ephemeral storage resource`)
  else if (isHugePagesField(resource)) refuse(`${bytesText} hugepages resource`)
}

function validateKeyRef(ref: { name?: string; key: string }, at: string, errors: Errors): void {
  pushInvalid(errors, `${at}.name`, ref.name ?? '', isDns1123Subdomain(ref.name ?? ''))
  if (!ref.key) errors.push(required(`${at}.key`))
  else pushInvalid(errors, `${at}.key`, ref.key, isConfigMapKey(ref.key))
}

function validateFileKeyRef(ref: FileKeySelector, at: string, errors: Errors): void {
  if (requireText(ref.key, `${at}.key`, errors)) pushInvalid(errors, `${at}.key`, ref.key, isRelaxedEnvVarName(ref.key))
  if (requireText(ref.volumeName, `${at}.volumeName`, errors)) checkLabel(ref.volumeName, `${at}.volumeName`, errors)
  if (requireText(ref.path, `${at}.path`, errors)) checkNoBacksteps(ref.path, `${at}.path`, errors)
}

/** The name of an object that need not exist yet: it may end as a generated name would. */
function validateSourceName(name: string | undefined, at: string, errors: Errors): void {
  if (!name) errors.push(required(at))
  else {
    const probe = name.length > 1 && name.endsWith('-') ? `${name.slice(0, -2)}a` : name
    pushInvalid(errors, at, name, isDns1123Subdomain(probe))
  }
}

export function validateEnvFrom(sources: readonly EnvFromSource[], at: string, errors: Errors): void {
  sources.forEach(({ prefix, configMapRef, secretRef }, i) => {
    if (prefix) pushInvalid(errors, `${at}[${i}].prefix`, prefix, isRelaxedEnvVarName(prefix))
    if (configMapRef) validateSourceName(configMapRef.name, `${at}[${i}].configMapRef.name`, errors)
    if (secretRef) validateSourceName(secretRef.name, `${at}[${i}].secretRef.name`, errors)
    if (!configMapRef && !secretRef) errors.push(invalid(at, '', 'must specify one of: `configMapRef` or `secretRef`'))
    if (configMapRef && secretRef) errors.push(invalid(at, '', 'may not have more than one field specified at a time'))
  })
}
