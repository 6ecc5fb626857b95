/** What a container is in its pod. */
export type Role = 'sandbox' | 'init' | 'container' | 'ephemeral'

/** Docker labels of everything Slipway makes: enough to find, adopt and remove it after any crash. */
export const label = {
  podUid: 'io.kubernetes.pod.uid',
  podName: 'io.kubernetes.pod.name',
  podNamespace: 'io.kubernetes.pod.namespace',
  container: 'io.kubernetes.container.name',
  cluster: 'io.slipway.cluster',
  node: 'io.slipway.node',
  role: 'io.slipway.role',
  attempt: 'io.slipway.attempt',
  /** Seconds to wait, once this container has ended, before the next attempt. */
  backoff: 'io.slipway.backoff-seconds',
  /** The sandbox whose namespaces the container joined. */
  sandbox: 'io.slipway.sandbox',
  /** Of the fields whose change means: replace the container. */
  specHash: 'io.slipway.spec-hash',
  /** The image as the pod's spec names it. */
  image: 'io.slipway.image',
  terminationMessage: 'io.slipway.termination-message',
} as const

/** The value of `label.container` of a sandbox, as in every Kubernetes runtime. */
export const sandboxName = 'POD'
