import { type FieldError, forbiddenField, invalid } from '../../../../apimachinery/field-error.ts'
import type { Container, Pod, PodSpec, ResourceRequirements } from '../../../../apimachinery/kinds.generated.ts'
import { type Errors, isSame } from '../../errors.ts'
import type { ResourceList } from '../../pod-spec/resource-list.ts'
import { qosOf } from './pod-qos.ts'

const mirror = 'kubernetes.io/config.mirror'

/** The resize endpoint changes cpu and memory of containers and of the pod, and nothing else (ValidatePodResize). */
export function validateResize(pod: Pod, old: Pod, errors: Errors): FieldError[] {
  if (old.metadata.annotations?.[mirror] !== undefined) return [forbiddenField('[]', 'static pods cannot be resized')]
  if (old.spec?.os?.name === 'windows') return [forbiddenField('[]', 'windows pods cannot be resized')]
  const before = old.spec
  if (!pod.spec || !before) return errors
  // Containers may be missing: that was told of before.
  const spec: PodSpec = { ...pod.spec, containers: pod.spec.containers ?? [] }
  if ((old.status?.qosClass ?? qosOf(old)) !== qosOf(pod)) {
    const text = 'Pod QOS Class may not change as a result of resizing'
    errors.push(invalid('spec', pod.status?.qosClass ?? '', text))
  }
  const running = old.status?.containerStatuses?.find((s) => s.state?.running)
  if (running && !running.resources) errors.push(forbiddenField('spec', 'Pod running on node without support for resize'))
  const rest: PodSpec = { ...spec }
  if (hasResources(before) || hasResources(spec)) resizePod(rest, before, errors)
  if (!validateOrder(spec, before, errors)) return errors
  spec.initContainers?.forEach((c, i) => {
    checkRemoved(c, before.initContainers?.[i], `spec.initContainers[${i}]`, errors)
  })
  spec.containers.forEach((c, i) => {
    checkRemoved(c, before.containers[i], `spec.containers[${i}]`, errors)
  })
  rest.containers = spec.containers.map((c, i) => withoutCompute(c, before.containers[i]))
  for (const [i, container] of rest.containers.entries()) {
    if (!isSame(container, before.containers[i])) errors.push(forbiddenField('spec', 'only cpu and memory resources are mutable'))
  }
  if (spec.initContainers) rest.initContainers = resizeInit(spec.initContainers, before.initContainers ?? [], errors)
  if (errors.length === 0 && !isSame(rest, before)) {
    errors.push(forbiddenField('spec', 'only cpu and memory resources are mutable'))
  }
  return errors
}

const hasResources = ({ resources }: PodSpec): boolean =>
  Object.keys(resources?.requests ?? {}).length + Object.keys(resources?.limits ?? {}).length > 0

const removed = (now: ResourceList = {}, old: ResourceList = {}): boolean =>
  Object.keys(old).some((name) => now[name] === undefined)

function resizePod(rest: PodSpec, old: PodSpec, errors: Errors): void {
  if (old.resources && !rest.resources) {
    errors.push(forbiddenField('spec.resources', 'pod-level resources cannot be removed'))
    return
  }
  if (removed(rest.resources?.requests, old.resources?.requests)) {
    errors.push(forbiddenField('spec.resources.requests', 'pod-level resource requests cannot be removed'))
  }
  if (removed(rest.resources?.limits, old.resources?.limits)) {
    errors.push(forbiddenField('spec.resources.limits', 'pod-level resource limits cannot be removed'))
  }
  if (rest.resources) rest.resources = keepCompute(rest.resources, old.resources)
  // Nothing of it is left that could differ.
  if (!old.resources && !hasResources(rest)) delete rest.resources
  if (!isSame(rest.resources, old.resources)) {
    errors.push(forbiddenField('spec', 'only cpu and memory resources are mutable at pod-level'))
  }
  if (old.resources) rest.resources = old.resources
  else delete rest.resources
}

/** `resources` with cpu and memory as they were. */
function keepCompute(resources: ResourceRequirements, old: ResourceRequirements | undefined): ResourceRequirements {
  const keep = (now: ResourceList | undefined, before: ResourceList = {}): ResourceList => {
    const { cpu: _cpu, memory: _memory, ...others } = now ?? {}
    const { cpu, memory } = before
    return { ...others, ...(cpu === undefined ? {} : { cpu }), ...(memory === undefined ? {} : { memory }) }
  }
  return { limits: keep(resources.limits, old?.limits), requests: keep(resources.requests, old?.requests) }
}

function withoutCompute(container: Container, old: Container | undefined): Container {
  return { ...container, resources: keepCompute(container.resources ?? {}, old?.resources) }
}

function checkRemoved(container: Container, old: Container | undefined, at: string, errors: Errors): void {
  const { resources } = container
  if (removed(resources?.requests, old?.resources?.requests)) {
    errors.push(forbiddenField(`${at}.resources.requests`, 'resource requests cannot be removed'))
  }
  if (removed(resources?.limits, old?.resources?.limits)) {
    errors.push(forbiddenField(`${at}.resources.limits`, 'resource limits cannot be removed'))
  }
}

/** Whether the containers are the same ones in the same order. */
function validateOrder(spec: PodSpec, old: PodSpec, errors: Errors): boolean {
  const count = errors.length
  const check = (now: readonly Container[] = [], before: readonly Container[] = [], name: string) => {
    if (now.length !== before.length) {
      errors.push(forbiddenField(`spec.${name}`, `${name} may not be added or removed on resize`))
      return
    }
    before.forEach((container, i) => {
      if (now[i]?.name === container.name) return
      errors.push(forbiddenField(`spec.${name}[${i}].name`, `${name} may not be renamed or reordered on resize`))
    })
  }
  check(spec.containers, old.containers, 'containers')
  check(spec.initContainers, old.initContainers, 'initContainers')
  return errors.length === count
}

function resizeInit(containers: readonly Container[], old: readonly Container[], errors: Errors): Container[] {
  return containers.map((container, i) => {
    const path = `spec.initContainers[${i}]`
    const rest = withoutCompute(container, old[i])
    if (!isSame(rest, old[i])) {
      errors.push(forbiddenField(path, 'only cpu and memory resources for init or sidecar containers are mutable'))
    }
    if (!isSame(container, old[i]) && container.restartPolicy !== 'Always') {
      for (const { restartPolicy } of container.resizePolicy ?? []) {
        if (restartPolicy !== 'RestartContainer') continue
        const text = 'non-sidecar init containers with a resize policy of RestartContainer cannot be resized'
        errors.push(forbiddenField(path, text))
      }
    }
    return rest
  })
}
