import { duplicate, forbiddenField, invalid, notFoundField, required, tooMany } from '../../../apimachinery/field-error.ts'
import type { Container, ContainerPort, EphemeralContainer, PodSpec } from '../../../apimachinery/kinds.generated.ts'
import { isPortName, isPortNumber } from '../../../apimachinery/names.ts'
import type { Steps } from '../../../apimachinery/steps.ts'
import { checkChoice, checkLabel, checkSupported, type Errors, pushInvalid, requireText } from '../errors.ts'
import { validateEnv, validateEnvFrom } from './env.ts'
import { validateDevices, validateMounts } from './mounts.ts'
import type { PodRules } from './options.ts'
import { validateLifecycle, validateProbes } from './probes.ts'
import { validateRequirements } from './resources.ts'
import { validateSecurityContext } from './security-context.ts'
import type { Volumes } from './volumes.ts'

/** What containers of one pod are judged by. */
export interface ContainerScope {
  readonly spec: PodSpec
  readonly volumes: Volumes
  readonly claims: ReadonlySet<string>
  readonly rules: PodRules
}

const pullPolicies = ['Always', 'IfNotPresent', 'Never']
const protocols = ['SCTP', 'TCP', 'UDP']

function validatePorts(ports: readonly ContainerPort[], at: string, errors: Errors): void {
  const names = new Set<string>()
  ports.forEach(({ name, containerPort, hostPort, protocol }, i) => {
    const path = `${at}[${i}]`
    if (name) {
      const problems = isPortName(name)
      // The index is that of the problem from then on: Kubernetes reuses the variable.
      pushInvalid(errors, `${path}.name`, name, problems)
      if (problems.length === 0 && names.has(name)) errors.push(duplicate(`${path}.name`, name))
      else if (problems.length === 0) names.add(name)
    }
    if (!containerPort) errors.push(required(`${path}.containerPort`))
    else pushInvalid(errors, `${path}.containerPort`, containerPort, isPortNumber(containerPort))
    if (hostPort) pushInvalid(errors, `${path}.hostPort`, hostPort, isPortNumber(hostPort))
    checkChoice(protocol, protocols, `${path}.protocol`, errors)
  })
}

function validateCommon(container: Container, scope: ContainerScope, at: string, errors: Errors): void {
  const { spec, volumes, claims, rules } = scope
  if (requireText(container.name, `${at}.name`, errors)) checkLabel(container.name, `${at}.name`, errors)
  requireText(container.image, `${at}.image`, errors)
  checkChoice(container.terminationMessagePolicy, ['File', 'FallbackToLogsOnError'], `${at}.terminationMessagePolicy`, errors)
  if (container.ports) validatePorts(container.ports, `${at}.ports`, errors)
  if (container.env) validateEnv(container.env, `${at}.env`, errors)
  if (container.envFrom) validateEnvFrom(container.envFrom, `${at}.envFrom`, errors)
  if (container.volumeMounts) validateMounts(container, volumes, at, errors)
  if (container.volumeDevices) validateDevices(container, volumes, at, errors)
  checkChoice(container.imagePullPolicy, pullPolicies, `${at}.imagePullPolicy`, errors)
  validateRequirements(container.resources, `${at}.resources`, errors, { claims, anyHugePagesValue: rules.anyHugePagesValue })
  if (container.resizePolicy) validateResizePolicy(container, spec, `${at}.resizePolicy`, errors)
  validateSecurityContext(container.securityContext, spec.hostUsers ?? true, `${at}.securityContext`, errors)
}

function validateResizePolicy({ resizePolicy = [] }: Container, spec: PodSpec, at: string, errors: Errors): void {
  const seen = new Set<string>()
  resizePolicy.forEach(({ resourceName, restartPolicy }, i) => {
    if (seen.has(resourceName)) errors.push(duplicate(`${at}[${i}]`, resourceName))
    seen.add(resourceName)
    checkChoice(resourceName, ['cpu', 'memory'], at, errors)
    checkChoice(restartPolicy, ['NotRequired', 'RestartContainer'], at, errors)
    if (spec.restartPolicy === 'Never' && restartPolicy !== 'NotRequired') {
      errors.push(invalid(at, restartPolicy, "must be 'NotRequired' when pod `restartPolicy` is 'Never'"))
    }
  })
}

const restartPolicies = ['Always', 'Never', 'OnFailure']

/** restartPolicy and restartPolicyRules of a container. */
function validateRestartRules({ restartPolicy, restartPolicyRules: rules = [] }: Container, at: string, errors: Errors): void {
  if (restartPolicy == null) {
    if (rules.length === 0) return
    errors.push(required(`${at}.restartPolicy`, 'must specify restartPolicy when restart rules are used'))
  } else checkSupported(restartPolicy, restartPolicies, `${at}.restartPolicy`, errors)
  if (rules.length > 20) errors.push(tooMany(`${at}.restartPolicyRules`, rules.length, 20))
  rules.forEach(({ action, exitCodes }, i) => {
    const path = `${at}.restartPolicyRules[${i}]`
    checkSupported(action, ['Restart', 'RestartAllContainers'], `${path}.action`, errors)
    if (!exitCodes) errors.push(required(`${path}.exitCodes`, 'must be specified'))
    else {
      checkSupported(exitCodes.operator, ['In', 'NotIn'], `${path}.exitCodes.operator`, errors)
      const count = exitCodes.values?.length ?? 0
      if (count > 255) errors.push(tooMany(`${path}.exitCodes.values`, count, 255))
    }
  })
}

/** The same host port may not be taken twice. */
function checkHostPorts(containers: readonly Container[], at: string, errors: Errors): void {
  const taken = new Set<string>()
  containers.forEach((container, i) => {
    container.ports?.forEach(({ protocol, hostIP, hostPort }, j) => {
      if (!hostPort) return
      const key = `${protocol}/${hostIP ?? ''}/${hostPort}`
      if (taken.has(key)) errors.push(duplicate(`${at}[${i}].ports[${j}].hostPort`, key))
      else taken.add(key)
    })
  })
}

/** Most pods have few containers: a step costs as much as looking at one. */
const containersAtOnce = 20

export function* validateContainers(scope: ContainerScope, at: string, errors: Errors): Steps<void> {
  const { spec } = scope
  const containers = spec.containers ?? []
  if (containers.length === 0) {
    errors.push(required(at))
    return
  }
  const names = new Set<string>()
  for (const [i, container] of containers.entries()) {
    const path = `${at}[${i}]`
    validateCommon(container, scope, path, errors)
    if (names.has(container.name)) errors.push(duplicate(`${path}.name`, container.name))
    else names.add(container.name)
    if (container.lifecycle) validateLifecycle(container.lifecycle, spec, `${path}.lifecycle`, errors)
    validateProbes(container, spec.terminationGracePeriodSeconds, path, errors)
    validateRestartRules(container, path, errors)
    if (i % containersAtOnce === containersAtOnce - 1) yield
  }
  checkHostPorts(containers, at, errors)
}

const onlySidecars = 'may not be set for init containers without restartPolicy=Always'

export function* validateInitContainers(scope: ContainerScope, at: string, errors: Errors): Steps<void> {
  const { spec, rules } = scope
  const names = new Set(spec.containers?.map((c) => c.name))
  for (const [i, container] of (spec.initContainers ?? []).entries()) {
    if (i % containersAtOnce === containersAtOnce - 1) yield
    const path = `${at}[${i}]`
    validateCommon(container, scope, path, errors)
    if (container.restartPolicy != null) validateRestartRules(container, path, errors)
    else if (container.restartPolicyRules?.length) {
      const text = 'must specify restartPolicy when restart rules are used'
      errors.push(required(`${path}.restartPolicy`, text))
    }
    if (names.has(container.name)) errors.push(duplicate(`${path}.name`, container.name))
    else if (container.name) names.add(container.name)
    checkHostPorts([container], at, errors)
    if (container.restartPolicy === 'Always') {
      if (container.lifecycle) validateLifecycle(container.lifecycle, spec, `${path}.lifecycle`, errors)
      validateProbes(container, spec.terminationGracePeriodSeconds, path, errors)
      continue
    }
    for (const field of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
      if (container[field]) errors.push(forbiddenField(`${path}.${field}`, onlySidecars))
    }
    if (rules.anyInitResizePolicy) continue
    container.resizePolicy?.forEach(({ restartPolicy }, j) => {
      if (restartPolicy !== 'RestartContainer') return
      const text = "must not be set to 'RestartContainer' for non-sidecar initContainers"
      errors.push(invalid(`${path}.resizePolicy[${j}].restartPolicy`, restartPolicy, text))
    })
  }
}

const notEphemeral = 'cannot be set for an Ephemeral Container'
const ephemeralNever = [
  'ports',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
  'resizePolicy',
  'restartPolicy',
  'restartPolicyRules',
] as const

export function validateEphemeralContainers(scope: ContainerScope, at: string, errors: Errors): void {
  const { spec } = scope
  const others = new Set([...(spec.containers ?? []), ...(spec.initContainers ?? [])].map((c) => c.name))
  const names = new Set(others)
  spec.ephemeralContainers?.forEach((container, i) => {
    const path = `${at}[${i}]`
    validateCommon(container as Container, scope, path, errors)
    checkImageSpaces(container, path, errors)
    if (names.has(container.name)) errors.push(duplicate(`${path}.name`, container.name))
    else names.add(container.name)
    const target = container.targetContainerName
    if (target && !others.has(target)) errors.push(notFoundField(`${path}.targetContainerName`, target))
    for (const field of ephemeralNever)
      if (container[field] != null) errors.push(forbiddenField(`${path}.${field}`, notEphemeral))
    if (Object.keys(container.resources ?? {}).length > 0) errors.push(forbiddenField(`${path}.resources`, notEphemeral))
    container.volumeMounts?.forEach((mount, j) => {
      if (mount.subPath) errors.push(forbiddenField(`${path}.volumeMounts[${j}].subPath`, notEphemeral))
      if (mount.subPathExpr) errors.push(forbiddenField(`${path}.volumeMounts[${j}].subPathExpr`, notEphemeral))
    })
  })
}

/** Only pods are judged by it; templates may hold such an image. */
export function checkImageSpaces(container: Container | EphemeralContainer, at: string, errors: Errors): void {
  const image = container.image ?? ''
  if (image !== image.trim()) errors.push(invalid(`${at}.image`, image, 'must not have leading or trailing whitespace'))
}
