import { duplicate, forbiddenField, invalid, required } from '../../../../apimachinery/field-error.ts'
import type { Container, ContainerStatus, Pod, PodSpec, PodStatus } from '../../../../apimachinery/kinds.generated.ts'
import { isDns1123Subdomain, isId } from '../../../../apimachinery/names.ts'
import { internal } from '../../../schema/internal.ts'
import {
  checkLabel,
  checkLength,
  checkQualifiedName,
  checkSupported,
  checkUnchanged,
  type Errors,
  pushInvalid,
} from '../../errors.ts'
import { checkLegacyIp, parseIp } from '../../ip.ts'

const systemConditions = new Set(['PodScheduled', 'Ready', 'Initialized'])

/** What the status endpoint of a pod may write (ValidatePodStatusUpdate). */
export function validatePodStatus(pod: Pod, old: Pod, errors: Errors): void {
  const status = pod.status ?? {}
  const before = old.status ?? {}
  const spec = old.spec ?? { containers: [] }
  status.conditions?.forEach(({ type, observedGeneration: generation = 0 }, i) => {
    const path = `status.conditions[${i}]`
    if (generation < 0) errors.push(invalid(`${path}.observedGeneration`, generation, 'must be a non-negative integer'))
    if (!systemConditions.has(type)) checkQualifiedName(type ?? '', `${path}.Type`, errors)
  })
  validateNominated(status, before, spec, errors)
  const generation = status.observedGeneration ?? 0
  if (generation < 0) errors.push(invalid('status.observedGeneration', generation, 'must be a non-negative integer'))
  checkUnchanged(status.qosClass, before.qosClass, 'status.qosClass', errors, 'string')
  validateTransitions(status, before, spec, errors)
  validateClaims(status, pod.spec ?? spec, errors)
  validateIps(status.podIPs, before.podIPs, 'status.podIPs', errors)
  validateHostIps(status, before, errors)
  validateStatuses(status, pod.spec ?? spec, errors)
}

function validateNominated(status: PodStatus, old: PodStatus, spec: PodSpec, errors: Errors): void {
  const name = status.nominatedNodeName ?? ''
  if (name === (old.nominatedNodeName ?? '') || name === '') return
  pushInvalid(errors, 'status.nominatedNodeName', name, isDns1123Subdomain(name))
  if (spec.nodeName) {
    errors.push(forbiddenField('status.nominatedNodeName', 'may not be set on pods that are already bound to a node'))
  }
}

/** Whether a container that ended with `exitCode` is started again. */
function shouldRestart(container: Container, spec: PodSpec, exitCode: number): boolean {
  if (container.restartPolicy != null) {
    for (const { action, exitCodes } of container.restartPolicyRules ?? []) {
      if (!exitCodes) continue
      const listed = exitCodes.values?.includes(exitCode) ?? false
      if (exitCodes.operator === 'In' ? listed : !listed) return action === 'Restart' || action === 'RestartAllContainers'
    }
  }
  const policy = container.restartPolicy ?? spec.restartPolicy
  return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0)
}

const restartsAll = (spec: PodSpec): boolean =>
  [...(spec.containers ?? []), ...(spec.initContainers ?? [])].some((c) =>
    c.restartPolicyRules?.some((r) => r.action === 'RestartAllContainers'),
  )

type Statuses = readonly ContainerStatus[] | undefined

function validateTransitions(status: PodStatus, old: PodStatus, spec: PodSpec, errors: Errors): void {
  const check = (now: Statuses, before: Statuses, containers: readonly Container[], at: string) => {
    before?.forEach((was, i) => {
      const ended = was.state?.terminated
      const is = now?.find((s) => s.name === was.name)
      if (!ended || !is || is.state?.terminated) return
      const container = containers.find((c) => c.name === was.name)
      if (container && shouldRestart(container, spec, ended.exitCode)) return
      errors.push(forbiddenField(`${at}[${i}].state`, 'may not be transitioned to non-terminated state'))
    })
  }
  if (!restartsAll(spec)) {
    check(status.containerStatuses, old.containerStatuses, spec.containers ?? [], 'status.containerStatuses')
    check(status.initContainerStatuses, old.initContainerStatuses, spec.initContainers ?? [], 'status.initContainerStatuses')
  }
  check(status.ephemeralContainerStatuses, old.ephemeralContainerStatuses, [], 'status.ephemeralContainerStatuses')
}

function validateClaims(status: PodStatus, spec: PodSpec, errors: Errors): void {
  const seen = new Set<string>()
  status.resourceClaimStatuses?.forEach(({ name, resourceClaimName }, i) => {
    const path = `status.resourceClaimStatuses[${i}]`
    if (!spec.resourceClaims?.some((c) => c.name === name)) {
      errors.push(invalid(`${path}.name`, name, 'must match the name of an entry in `spec.resourceClaims`'))
    }
    if (seen.has(name)) errors.push(duplicate(`${path}.name`, name))
    seen.add(name)
    if (resourceClaimName == null) return
    pushInvalid(errors, `${path}.resourceClaimName`, resourceClaimName, isDns1123Subdomain(resourceClaimName))
  })
  if (status.extendedResourceClaimStatus) validateExtended(status.extendedResourceClaimStatus, spec, errors)
}

type Extended = NonNullable<PodStatus['extendedResourceClaimStatus']>

function validateExtended({ requestMappings: given, resourceClaimName }: Extended, spec: PodSpec, errors: Errors): void {
  const requestMappings = given ?? []
  const at = 'status.extendedResourceClaimStatus'
  const containers = new Map([...(spec.initContainers ?? []), ...(spec.containers ?? [])].map((c) => [c.name, c]))
  if (requestMappings.length === 0) errors.push(required(`${at}.requestMappings`, 'at least one request mapping is required'))
  const seen = new Set<string>()
  const where = (field: string) => `spec.initContainers.${field} or spec.containers.${field}`
  requestMappings.forEach(({ containerName, resourceName, requestName }, i) => {
    const path = `${at}.requestMappings[${i}]`
    const container = containers.get(containerName)
    if (!container) {
      errors.push(invalid(`${path}.containerName`, containerName, `must match the name of an entry in ${where('name')}`))
    } else if (container.resources?.requests?.[resourceName] === undefined) {
      const text = `must match the extended resource name of an entry in ${where('resources.requests')}`
      errors.push(invalid(`${path}.resourceName`, resourceName, text))
    }
    checkLabel(requestName, `${at}.requestName`, errors)
    const key = JSON.stringify([containerName, resourceName, requestName])
    if (seen.has(key)) {
      errors.push(duplicate(`${path}.containerName`, containerName))
      errors.push(duplicate(`${path}.resourceName`, resourceName))
      errors.push(duplicate(`${path}.requestName`, requestName))
    }
    seen.add(key)
  })
  if (!resourceClaimName) errors.push(required(`${at}.resourceClaimName`))
  else pushInvalid(errors, `${at}.resourceClaimName`, resourceClaimName, isDns1123Subdomain(resourceClaimName))
}

type Ips = readonly { ip?: string }[] | undefined

function validateIps(ips: Ips, old: Ips, at: string, errors: Errors): void {
  const known = old?.map((i) => i.ip) ?? []
  ips?.forEach(({ ip = '' }, i) => {
    checkLegacyIp(ip, `${at}[${i}]`, errors, known)
  })
  if (!ips || ips.length < 2) return
  const families = ips.map(({ ip = '' }) => parseIp(ip)?.family)
  const bad = families.indexOf(undefined)
  if (bad >= 0) {
    const text = `failed to check for dual stack with error:invalid IP[${bad}]: ${ips[bad]?.ip ?? ''}`
    errors.push({ type: 'InternalError', field: at, message: `Internal error: ${text}` })
  }
  if (bad >= 0 || new Set(families).size < 2 || ips.length > 2) {
    errors.push(invalid(at, internal('[]core.PodIP', ips), 'may specify no more than one IP for each IP family'))
  }
}

function validateHostIps(status: PodStatus, old: PodStatus, errors: Errors): void {
  const first = status.hostIPs?.[0]
  if (!first) return
  if ((status.hostIP ?? '') !== (first.ip ?? '')) {
    errors.push(invalid('status.hostIPs[0].ip', first.ip ?? '', 'must be equal to `hostIP`'))
  }
  validateIps(status.hostIPs, old.hostIPs, 'status.hostIPs', errors)
}

function validateStatuses(status: PodStatus, spec: PodSpec, errors: Errors): void {
  for (const field of ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'] as const) {
    const containers = (field === 'initContainerStatuses' ? spec.initContainers : spec.containers) ?? []
    status[field]?.forEach((one, i) => {
      const path = `status.${field}[${i}]`
      validateUser(one, spec, path, errors)
      if (field === 'ephemeralContainerStatuses') {
        const text = 'must not be specified in container status'
        if (one.allocatedResourcesStatus?.length) errors.push(forbiddenField(`${path}.allocatedResourcesStatus`, text))
      } else validateAllocated(one, containers, `${path}.allocatedResourcesStatus`, errors)
    })
  }
}

function validateUser({ user }: ContainerStatus, spec: PodSpec, at: string, errors: Errors): void {
  const linux = user?.linux
  if (!user || !linux) return
  if (spec.os?.name === 'windows') {
    errors.push(forbiddenField(`${at}.user.linux`, 'cannot be set for a windows pod'))
    return
  }
  pushInvalid(errors, `${at}.user.linux.uid`, linux.uid, isId(linux.uid))
  pushInvalid(errors, `${at}.user.linux.gid`, linux.gid, isId(linux.gid))
  linux.supplementalGroups?.forEach((id, i) => {
    pushInvalid(errors, `${at}.user.linux.supplementalGroups[${i}]`, id, isId(id))
  })
}

const claimText =
  "must match one of the container's resource claims in a format 'claim:<claimName>/<request>' or 'claim:<claimName>' if request is empty"

function validateAllocated(status: ContainerStatus, containers: readonly Container[], at: string, errors: Errors): void {
  const container = containers.find((c) => c.name === status.name)
  status.allocatedResourcesStatus?.forEach(({ name, resources }, i) => {
    const path = `${at}[${i}]`
    const isClaim = name.startsWith('claim:')
    const claims = container?.resources?.claims?.map((c) => `claim:${c.name}${c.request ? `/${c.request}` : ''}`) ?? []
    const known = isClaim ? claims.includes(name) : Object.hasOwn(container?.resources?.requests ?? {}, name)
    const text = isClaim ? claimText : "must match one of the container's resource requests"
    if (container && !known) errors.push(invalid(`${path}.name`, name, text))
    const ids = new Set<string>()
    resources?.forEach(({ resourceID, health, message }, j) => {
      const where = `${path}.resources[${j}]`
      checkSupported(health, ['Healthy', 'Unhealthy', 'Unknown'], `${where}.health`, errors)
      if (message === '') errors.push(required(`${where}.message`, 'must be non-empty if specified'))
      checkLength(message, 1024, `${where}.message`, errors)
      if (ids.has(resourceID)) errors.push(duplicate(`${where}.resourceID`, resourceID))
      ids.add(resourceID)
    })
  })
}
