import type { Container, PodSpec, PodTemplateSpec, Probe } from '../../../apimachinery/kinds.generated.ts'
import { imageTag } from './image-reference.ts'
import { roundRequirements, roundResources } from './resource-list.ts'
import { defaultFieldRef, defaultVolume } from './volume-defaults.ts'

/** Defaults of what pods and pod templates share (SetDefaults_PodSpec and everything below it). Idempotent. */
export function defaultPodSpec(spec: PodSpec): void {
  if (!spec.dnsPolicy) spec.dnsPolicy = 'ClusterFirst'
  if (!spec.restartPolicy) spec.restartPolicy = 'Always'
  spec.securityContext ??= {}
  spec.terminationGracePeriodSeconds ??= 30
  if (!spec.schedulerName) spec.schedulerName = 'default-scheduler'
  // Two names of one field: the new one wins.
  if (!spec.serviceAccountName && spec.serviceAccount) spec.serviceAccountName = spec.serviceAccount
  if (spec.serviceAccountName) spec.serviceAccount = spec.serviceAccountName
  spec.volumes?.forEach(defaultVolume)
  spec.initContainers?.forEach(defaultContainer)
  spec.containers?.forEach(defaultContainer)
  for (const container of spec.ephemeralContainers ?? []) defaultContainer(container as Container)
  roundResources(spec.overhead)
  roundRequirements(spec.resources)
}

export function defaultPodTemplate(template: PodTemplateSpec | undefined): void {
  if (template?.spec) defaultPodSpec(template.spec)
}

function defaultContainer(container: Container): void {
  if (!container.imagePullPolicy) {
    container.imagePullPolicy = imageTag(container.image ?? '') === 'latest' ? 'Always' : 'IfNotPresent'
  }
  if (!container.terminationMessagePath) container.terminationMessagePath = '/dev/termination-log'
  if (!container.terminationMessagePolicy) container.terminationMessagePolicy = 'File'
  for (const port of container.ports ?? []) if (!port.protocol) port.protocol = 'TCP'
  for (const env of container.env ?? []) {
    defaultFieldRef(env.valueFrom?.fieldRef)
    if (env.valueFrom?.fileKeyRef) env.valueFrom.fileKeyRef.optional ??= false
  }
  roundRequirements(container.resources)
  defaultProbe(container.livenessProbe)
  defaultProbe(container.readinessProbe)
  defaultProbe(container.startupProbe)
  defaultHttpGet(container.lifecycle?.postStart?.httpGet)
  defaultHttpGet(container.lifecycle?.preStop?.httpGet)
}

function defaultProbe(probe: Probe | undefined): void {
  if (!probe) return
  if (!probe.timeoutSeconds) probe.timeoutSeconds = 1
  if (!probe.periodSeconds) probe.periodSeconds = 10
  if (!probe.successThreshold) probe.successThreshold = 1
  if (!probe.failureThreshold) probe.failureThreshold = 3
  defaultHttpGet(probe.httpGet)
  if (probe.grpc) probe.grpc.service ??= ''
}

function defaultHttpGet(action: { path?: string; scheme?: string } | undefined): void {
  if (!action) return
  if (!action.path) action.path = '/'
  if (!action.scheme) action.scheme = 'HTTP'
}
