// What a chart may know of the cluster: versions of Kubernetes, of its APIs and of Helm.
import { GoStruct, type MethodTable, typedList, type Value, withMethods } from '../gotemplate/value.ts'
import { ChartError } from './chart.ts'

interface KubeVersion {
  /** As given, with a leading v: v1.33.4-gke.1245000. */
  readonly version: string
  /** Without what is vendor's: v1.33.4. */
  readonly normalized: string
  readonly major: string
  readonly minor: string
}
export interface Capabilities {
  readonly kubeVersion: KubeVersion
  readonly apiVersions: readonly string[]
}

/** The Helm whose rendering this is. */
export const HELM_VERSION = 'v4.3'

/** Reads a Kubernetes version. Throws ChartError. */
export function parseKubeVersion(text: string): KubeVersion {
  const m = /^\s*v?(\d+)\.(\d+)(?:\.(\d+))?((?:\.\d+)*)(?:[^.\d].*)?\s*$/.exec(text)
  if (!m) throw new ChartError(`invalid kube version '${text}': could not parse ${JSON.stringify(text)} as version`)
  const [major, minor] = [String(Number(m[1])), String(Number(m[2]))]
  const parts = [major, minor, ...(m[3] === undefined ? [] : [String(Number(m[3]))])]
  return { version: text.startsWith('v') ? text : `v${text}`, normalized: `v${parts.join('.')}${m[4] ?? ''}`, major, minor }
}

/** What Helm 4 takes for a cluster when it has none. */
export const DEFAULT_KUBE_VERSION: KubeVersion = { version: 'v1.37.0', normalized: 'v1.37.0', major: '1', minor: '37' }

export const DEFAULT_API_VERSIONS: readonly string[] = (
  'v1 admissionregistration.k8s.io/v1 admissionregistration.k8s.io/v1alpha1 admissionregistration.k8s.io/v1beta1 internal.apiserver.k8s.io/v1alpha1 ' +
  'apps/v1 apps/v1beta1 apps/v1beta2 authentication.k8s.io/v1 authentication.k8s.io/v1alpha1 authentication.k8s.io/v1beta1 authorization.k8s.io/v1 ' +
  'authorization.k8s.io/v1beta1 autoscaling/v1 autoscaling/v2 batch/v1 batch/v1beta1 certificates.k8s.io/v1 certificates.k8s.io/v1beta1 ' +
  'certificates.k8s.io/v1alpha1 coordination.k8s.io/v1alpha2 coordination.k8s.io/v1beta1 coordination.k8s.io/v1 discovery.k8s.io/v1 ' +
  'discovery.k8s.io/v1beta1 events.k8s.io/v1 events.k8s.io/v1beta1 extensions/v1beta1 flowcontrol.apiserver.k8s.io/v1 ' +
  'flowcontrol.apiserver.k8s.io/v1beta1 flowcontrol.apiserver.k8s.io/v1beta2 flowcontrol.apiserver.k8s.io/v1beta3 lifecycle.k8s.io/v1alpha1 ' +
  'networking.k8s.io/v1 networking.k8s.io/v1beta1 node.k8s.io/v1 node.k8s.io/v1alpha1 node.k8s.io/v1beta1 policy/v1 policy/v1beta1 ' +
  'rbac.authorization.k8s.io/v1 rbac.authorization.k8s.io/v1beta1 rbac.authorization.k8s.io/v1alpha1 resource.k8s.io/v1 resource.k8s.io/v1beta2 ' +
  'resource.k8s.io/v1beta1 resource.k8s.io/v1alpha3 scheduling.k8s.io/v1alpha3 scheduling.k8s.io/v1beta1 scheduling.k8s.io/v1 storage.k8s.io/v1beta1 ' +
  'storage.k8s.io/v1 storage.k8s.io/v1alpha1 storagemigration.k8s.io/v1 storagemigration.k8s.io/v1beta1 apiextensions.k8s.io/v1beta1 apiextensions.k8s.io/v1'
).split(' ')

const getter = (call: () => Value) => ({ params: [], variadic: false, call })

/** `.Capabilities` of a template. */
export function capabilitiesForTemplates(c: Capabilities): GoStruct {
  const { version, normalized, major, minor } = c.kubeVersion
  const methods: MethodTable = { String: getter(() => normalized), GitVersion: getter(() => version) }
  const kubeFields = new Map([
    ['Version', version],
    ['Major', major],
    ['Minor', minor],
  ])
  const kube = new GoStruct('common.KubeVersion', kubeFields, methods, undefined, undefined, {
    addressText: () => normalized,
    shown: [version, normalized, major, minor],
  })
  const known = new Set(c.apiVersions)
  const has = { params: ['string'], variadic: false, call: (name: string) => known.has(name) }
  const versions = withMethods(typedList([...c.apiVersions], 'common.VersionSet'), { Has: has })
  const helm = new GoStruct(
    'version.BuildInfo',
    new Map([
      ['Version', HELM_VERSION],
      ['GitCommit', ''],
      ['GitTreeState', ''],
      ['GoVersion', 'go1.26.8'],
      ['KubeClientVersion', 'v1.37'],
    ]),
    undefined,
    undefined,
    () =>
      new Map([
        ['version', HELM_VERSION],
        ['go_version', 'go1.26.8'],
        ['kube_client_version', 'v1.37'],
      ]),
  )
  return new GoStruct(
    '*common.Capabilities',
    new Map<string, Value>([
      ['KubeVersion', kube],
      ['APIVersions', versions],
      ['HelmVersion', helm],
    ]),
  )
}
