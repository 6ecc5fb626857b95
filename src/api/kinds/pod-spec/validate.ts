import { duplicate, forbiddenField, invalid, notFoundField, required } from '../../../apimachinery/field-error.ts'
import type { PodSpec, PodTemplateSpec } from '../../../apimachinery/kinds.generated.ts'
import { isDns1123Subdomain, rangeText } from '../../../apimachinery/names.ts'
import type { Steps } from '../../../apimachinery/steps.ts'
import { checkChoice, checkLabel, checkLength, checkQualifiedName, checkSubdomain, type Errors, pushInvalid } from '../errors.ts'
import { validateAnnotations, validateLabels } from '../meta.ts'
import { validateAffinity } from './affinity.ts'
import { validatePodAnnotations } from './annotations.ts'
import { type ContainerScope, validateContainers, validateEphemeralContainers, validateInitContainers } from './containers.ts'
import { validateDns, validateHostAliases } from './dns.ts'
import type { PodRules } from './options.ts'
import { validatePodResources, validateResourceClaims } from './pod-resources.ts'
import { validateRequirements } from './resources.ts'
import { validateSecurityAnnotations } from './security-annotations.ts'
import { validateHostUsers, validatePodSecurityContext } from './security-context.ts'
import { validateTolerations } from './tolerations.ts'
import { validateTopologySpread } from './topology-spread.ts'
import { visitContainers } from './visit.ts'
import { validateVolumes } from './volumes.ts'
import { validateHostProcesses, validateOs } from './windows.ts'

/** Everything that a pod and a pod template are judged by (ValidatePodSpec). */
export function* validatePodSpec(spec: PodSpec, at: string, rules: PodRules, errors: Errors): Steps<void> {
  if (spec.terminationGracePeriodSeconds == null) errors.push(required(`${at}.terminationGracePeriodSeconds`))
  const volumes = validateVolumes(spec.volumes ?? [], `${at}.volumes`, rules, errors)
  const claims = new Set(spec.resourceClaims?.map((c) => c.name).filter((name) => name !== ''))
  const scope: ContainerScope = { spec, volumes, claims, rules }
  if (spec.resourceClaims) validateResourceClaims(spec.resourceClaims, `${at}.resourceClaims`, rules, errors)
  yield* validateContainers(scope, `${at}.containers`, errors)
  if (spec.initContainers) yield* validateInitContainers(scope, `${at}.initContainers`, errors)
  validateEphemeralContainers(scope, `${at}.ephemeralContainers`, errors)
  validatePodResources(spec, at, rules, errors)
  checkHostPorts(spec, at, rules, errors)
  checkChoice(spec.restartPolicy, ['Always', 'OnFailure', 'Never'], `${at}.restartPolicy`, errors)
  checkChoice(spec.dnsPolicy, ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'], `${at}.dnsPolicy`, errors)
  if (spec.nodeSelector) validateLabels(spec.nodeSelector, `${at}.nodeSelector`, errors)
  validatePodSecurityContext(spec, at, rules, errors)
  validateAffinity(spec.affinity, `${at}.affinity`, rules, errors)
  validateDns(spec, `${at}.dnsConfig`, errors)
  validateGates(spec, at, errors)
  if (spec.topologySpreadConstraints) {
    validateTopologySpread(spec.topologySpreadConstraints, `${at}.topologySpreadConstraints`, rules, errors)
  }
  validateHostProcesses(spec, at, errors)
  validateHostUsers(spec, at, errors)
  validateHostnames(spec, at, errors)
  validateScheduling(spec, at, errors)
  if (spec.overhead) {
    const overheadRules = { claims: new Set<string>(), anyHugePagesValue: rules.anyHugePagesValue }
    validateRequirements({ limits: spec.overhead }, `${at}.overhead`, errors, overheadRules)
  }
  validateOs(spec, at, errors)
  validateFileKeyVolumes(spec, at, errors)
}

function checkHostPorts(spec: PodSpec, at: string, rules: PodRules, errors: Errors): void {
  if (!spec.hostNetwork) return
  spec.containers?.forEach((container, i) => {
    container.ports?.forEach(({ hostPort = 0, containerPort }, j) => {
      if (hostPort === containerPort || (hostPort === 0 && !rules.isPod)) return
      const path = `${at}.containers[${i}].ports[${j}].hostPort`
      errors.push(invalid(path, hostPort, 'must match `containerPort` when `hostNetwork` is true'))
    })
  })
}

function validateGates(spec: PodSpec, at: string, errors: Errors): void {
  spec.readinessGates?.forEach(({ conditionType }, i) => {
    checkQualifiedName(conditionType ?? '', `${at}.readinessGates[${i}].conditionType`, errors)
  })
  const seen = new Set<string>()
  spec.schedulingGates?.forEach(({ name }, i) => {
    const path = `${at}.schedulingGates[${i}]`
    checkQualifiedName(name ?? '', path, errors)
    if (seen.has(name)) errors.push(duplicate(path, name))
    seen.add(name)
  })
}

function validateHostnames(spec: PodSpec, at: string, errors: Errors): void {
  const override = spec.hostnameOverride
  if (override != null) {
    const path = `${at}.hostnameOverride`
    if (spec.setHostnameAsFQDN) errors.push(forbiddenField(path, 'may not be specified when setHostnameAsFQDN is true'))
    if (spec.hostNetwork) errors.push(forbiddenField(path, 'may not be specified when hostNetwork is true'))
    checkLength(override, 64, path, errors)
    checkSubdomain(override, path, errors)
  }
  if (spec.serviceAccountName) checkSubdomain(spec.serviceAccountName, `${at}.serviceAccountName`, errors)
  if (spec.nodeName) checkSubdomain(spec.nodeName, `${at}.nodeName`, errors)
  const deadline = spec.activeDeadlineSeconds
  if (deadline != null && (deadline < 1 || deadline > 2147483647)) {
    errors.push(invalid(`${at}.activeDeadlineSeconds`, deadline, rangeText(1, 2147483647)))
  }
  if (spec.hostname) checkLabel(spec.hostname, `${at}.hostname`, errors)
  if (spec.subdomain) checkLabel(spec.subdomain, `${at}.subdomain`, errors)
}

function validateScheduling(spec: PodSpec, at: string, errors: Errors): void {
  if (spec.tolerations) validateTolerations(spec.tolerations, `${at}.tolerations`, errors)
  if (spec.hostAliases) validateHostAliases(spec.hostAliases, `${at}.hostAliases`, errors)
  if (spec.priorityClassName) checkSubdomain(spec.priorityClassName, `${at}.priorityClassName`, errors)
  if (spec.runtimeClassName != null) {
    pushInvalid(errors, `${at}.runtimeClassName`, spec.runtimeClassName, isDns1123Subdomain(spec.runtimeClassName))
  }
  if (spec.preemptionPolicy != null) {
    checkChoice(spec.preemptionPolicy, ['PreemptLowerPriority', 'Never'], `${at}.preemptionPolicy`, errors)
  }
}

/** A file that env values come from is in an emptyDir. */
function validateFileKeyVolumes(spec: PodSpec, at: string, errors: Errors): void {
  const volumes = new Map(spec.volumes?.map((v) => [v.name, v]))
  visitContainers(spec, at, (container, path) => {
    container.env?.forEach(({ valueFrom }, i) => {
      const name = valueFrom?.fileKeyRef?.volumeName
      if (name === undefined) return
      const volume = volumes.get(name)
      const where = `${path}.env[${i}].valueFrom.fileKeyRef.volumeName`
      if (!volume) errors.push(notFoundField(where, name))
      else if (!volume.emptyDir) errors.push(invalid(where, name, 'referenced volume must be of type emptyDir'))
    })
  })
}

/** A pod template; its labels are at `<at>.labels`, as Kubernetes writes the path. */
export function* validatePodTemplate(template: PodTemplateSpec, at: string, rules: PodRules, errors: Errors): Steps<void> {
  const { metadata = {}, spec } = template
  if (metadata.labels) validateLabels(metadata.labels, `${at}.labels`, errors)
  if (metadata.annotations) validateAnnotations(metadata.annotations, `${at}.annotations`, errors)
  if (!spec) return
  validatePodAnnotations(metadata.annotations ?? {}, spec, `${at}.annotations`, rules, errors)
  yield* validatePodSpec(spec, `${at}.spec`, rules, errors)
  validateSecurityAnnotations(metadata.annotations, spec, `${at}.spec`, errors)
  if (spec.ephemeralContainers?.length) {
    const text = 'ephemeral containers not allowed in pod template'
    errors.push(forbiddenField(`${at}.spec.ephemeralContainers`, text))
  }
}
