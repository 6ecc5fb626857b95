// Puts the cluster's CA certificate into every namespace, where pods mount it to trust the API server.
import type { ConfigMap, Namespace } from '../apimachinery/kinds.generated.ts'
import { configmaps, namespaces } from '../apimachinery/resources.generated.ts'
import { isAlreadyExists } from '../apimachinery/status.ts'
import { type Controller, defineController, watching } from '../operators/controller.ts'
import { isClosing, isOpen } from './serviceaccount.ts'

const mapName = 'kube-root-ca.crt'
const description =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.'

/** What to write so that `existing` carries `caBundle`; undefined when it does. */
function decide(namespace: string, existing: ConfigMap | undefined, caBundle: string): ConfigMap | undefined {
  const data = { 'ca.crt': caBundle }
  if (!existing)
    return { metadata: { name: mapName, namespace, annotations: { 'kubernetes.io/description': description } }, data }
  const isCurrent = Object.keys(existing.data ?? {}).length === 1 && existing.data?.['ca.crt'] === caBundle
  if (isCurrent) return undefined
  const annotations = { 'kubernetes.io/description': description, ...existing.metadata.annotations }
  return { ...existing, metadata: { ...existing.metadata, annotations }, data }
}

/** `caBundle`: PEM certificates. */
export const rootCaPublisher = (caBundle: string): Controller =>
  defineController<Namespace>({
    name: 'root-ca-certificate-publisher',
    for: namespaces,
    watches: [watching(configmaps, ({ metadata }) => (metadata.name === mapName ? [metadata.namespace ?? ''] : []))],
    async reconcile(namespace, { client, informers }) {
      const name = namespace.metadata.name ?? ''
      if (!isOpen(namespace)) return undefined
      const existing = informers.of(configmaps).get(`${name}/${mapName}`)
      const wanted = decide(name, existing, caBundle)
      if (!wanted) return undefined
      try {
        await (existing
          ? client.update(configmaps, wanted, { namespace: name })
          : client.create(configmaps, wanted, { namespace: name }))
      } catch (error) {
        if (!isAlreadyExists(error) && !isClosing(error)) throw error
      }
      return undefined
    },
  })
