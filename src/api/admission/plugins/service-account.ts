import type { Container, Pod, ServiceAccount, Volume } from '../../../apimachinery/kinds.generated.ts'
import { randomSuffix } from '../../../apimachinery/random-name.ts'
import { serviceaccounts } from '../../../apimachinery/resources.generated.ts'
import { notFound } from '../../../apimachinery/status.ts'
import type { Objects } from '../../objects.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../admission.ts'
import { podOf, refuse, unaskable } from '../refusal.ts'

const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount'
const volumePrefix = 'kube-api-access-'
/** The controller makes `default` a moment after its namespace. */
const waitForDefault = 1500

/** Every pod runs as an account, whose token is mounted into its containers. */
export const serviceAccount = (objects: Objects): AdmissionPlugin => ({
  name: 'ServiceAccount',
  mutate: async (request) => {
    const pod = request.operation === 'CREATE' ? podOf(request) : undefined
    if (!pod?.spec) return
    if (isMirror(pod)) return refuseMirror(request, pod)
    const { spec } = pod
    spec.serviceAccountName ||= 'default'
    spec.serviceAccount = spec.serviceAccountName
    const account = await findAccount(objects, request, spec.serviceAccountName)
    if (spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true) mountToken(pod)
    if (!spec.imagePullSecrets?.length && account.imagePullSecrets?.length) {
      spec.imagePullSecrets = account.imagePullSecrets.map(({ name }) => (name === undefined ? {} : { name }))
    }
    // Here already, as in kube-apiserver: what a later plugin would refuse is not reached.
    refuseForeign(request, foreignSecret, pod, account)
  },
  validate: async (request) => {
    const isEphemeral = request.resource === 'pods' && request.group === '' && request.subresource === 'ephemeralcontainers'
    const pod = isEphemeral ? (request.object as Pod) : request.operation === 'CREATE' ? podOf(request) : undefined
    if (!pod?.spec) return
    if (!isEphemeral && isMirror(pod)) return refuseMirror(request, pod)
    const name = pod.spec.serviceAccountName
    if (!name) throw refuse(request, `no service account specified for pod ${request.namespace}/${pod.metadata.name ?? ''}`)
    const account = await findAccount(objects, request, name)
    refuseForeign(request, isEphemeral ? foreignEphemeralSecret : foreignSecret, pod, account)
  },
})

/** Refuses secrets that the account does not list, when it asks for that. */
function refuseForeign(request: AdmissionRequest, find: typeof foreignSecret, pod: Pod, account: ServiceAccount): void {
  if (!/^(1|t|T|true|TRUE|True)$/.test(account.metadata.annotations?.['kubernetes.io/enforce-mountable-secrets'] ?? '')) return
  const problem = find(pod, account)
  if (problem) throw refuse(request, problem)
}

const isMirror = (pod: Pod): boolean => pod.metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined

async function findAccount(objects: Objects, request: AdmissionRequest, name: string): Promise<ServiceAccount> {
  const find = () => objects.get(serviceaccounts, request.namespace, name)
  const account = find() ?? (name === 'default' ? await appears(objects, find) : undefined)
  if (account) return account
  const why = unaskable(name) ?? notFound({ group: '', resource: 'serviceaccount' }, name).message
  throw refuse(request, `error looking up service account ${request.namespace}/${name}: ${why}`)
}

function appears(objects: Objects, find: () => ServiceAccount | undefined): Promise<ServiceAccount | undefined> {
  return new Promise((resolve) => {
    const finish = (account: ServiceAccount | undefined): void => {
      clearTimeout(timer)
      unsubscribe()
      resolve(account)
    }
    const timer = setTimeout(() => finish(undefined), waitForDefault)
    const unsubscribe = objects.onChange(serviceaccounts, () => {
      const account = find()
      if (account) finish(account)
    })
  })
}

function mountToken(pod: Pod): void {
  const { spec } = pod
  if (!spec) return
  const existing = spec.volumes?.find((v) => v.name.startsWith(volumePrefix))
  const name = existing?.name ?? volumePrefix + randomSuffix()
  const needsToken = (c: Container): boolean => !c.volumeMounts?.some((m) => m.mountPath === mountPath)
  const needing = [...(spec.initContainers ?? []), ...(spec.containers ?? [])].filter(needsToken)
  for (const container of needing)
    container.volumeMounts = [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath }]
  if (!existing && needing.length > 0) spec.volumes = [...(spec.volumes ?? []), tokenVolume(name)]
}

const tokenVolume = (name: string): Volume => ({
  name,
  projected: {
    sources: [
      { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      { downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] } },
    ],
    defaultMode: 420,
  },
})

function refuseMirror(request: AdmissionRequest, { spec }: Pod): void {
  if (spec?.serviceAccountName) throw refuse(request, 'a mirror pod may not reference service accounts')
  const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])]
  const usesSecret =
    containers.some((c) => secretsOf(c).length > 0) ||
    spec?.imagePullSecrets?.some((s) => s.name) ||
    spec?.volumes?.some((v) => v.secret?.secretName || v.projected?.sources?.some((s) => s.secret?.name))
  if (usesSecret) throw refuse(request, 'a mirror pod may not reference secrets')
  if (spec?.volumes?.some((v) => v.projected?.sources?.some((s) => s.serviceAccountToken))) {
    throw refuse(request, 'a mirror pod may not use ServiceAccountToken volume projections')
  }
}

type WithEnv = Pick<Container, 'name' | 'env' | 'envFrom'>

/** The secrets of a container's environment and how a refusal names the reference. */
const secretsOf = ({ env, envFrom }: WithEnv): { secret: string; by: string }[] => [
  ...(env ?? []).flatMap((e) =>
    e.valueFrom?.secretKeyRef?.name ? [{ secret: e.valueFrom.secretKeyRef.name, by: `envVar ${e.name}` }] : [],
  ),
  ...(envFrom ?? []).flatMap((e) => (e.secretRef?.name ? [{ secret: e.secretRef.name, by: 'envFrom' }] : [])),
]

function foreignEnvSecret(kind: string, containers: readonly WithEnv[], account: ServiceAccount): string | undefined {
  const own = new Set(account.secrets?.map((s) => s.name))
  for (const container of containers) {
    const foreign = secretsOf(container).find((s) => !own.has(s.secret))
    if (foreign) {
      return `${kind} ${container.name} with ${foreign.by} referencing secret.secretName="${foreign.secret}" is not allowed because service account ${account.metadata.name} does not reference that secret`
    }
  }
  return undefined
}

const foreignEphemeralSecret = ({ spec }: Pod, account: ServiceAccount): string | undefined =>
  foreignEnvSecret('ephemeral container', (spec?.ephemeralContainers ?? []) as WithEnv[], account)

function foreignSecret({ spec }: Pod, account: ServiceAccount): string | undefined {
  const own = new Set(account.secrets?.map((s) => s.name))
  const volume = spec?.volumes?.find((v) => v.secret && !own.has(v.secret.secretName))
  if (volume) {
    return `volume with secret.secretName="${volume.secret?.secretName}" is not allowed because service account ${account.metadata.name} does not reference that secret`
  }
  const byEnv =
    foreignEnvSecret('init container', spec?.initContainers ?? [], account) ??
    foreignEnvSecret('container', spec?.containers ?? [], account)
  if (byEnv) return byEnv
  const pulls = new Set(account.imagePullSecrets?.map((s) => s.name))
  const index = spec?.imagePullSecrets?.findIndex((s) => !pulls.has(s.name)) ?? -1
  if (index < 0) return undefined
  return `imagePullSecrets[${index}].name="${spec?.imagePullSecrets?.[index]?.name}" is not allowed because service account ${account.metadata.name} does not reference that imagePullSecret`
}
