import type { Container, Pod } from '../../src/apimachinery/kinds.generated.ts'
import type { ObservedContainer } from '../../src/nodes/docker/observed.ts'
import { specHash } from '../../src/nodes/pods/spec-hash.ts'
import type { Memory, PodView } from '../../src/nodes/pods/view.ts'

export const container = (name: string, more: Partial<Container> = {}): Container => ({ name, image: 'web:1', ...more })

export const pod = (spec: Partial<NonNullable<Pod['spec']>> = {}, status: Pod['status'] = {}): Pod => ({
  metadata: { name: 'p', namespace: 'default', uid: 'u', generation: 1 },
  spec: { containers: [container('web')], restartPolicy: 'Always', terminationGracePeriodSeconds: 30, ...spec },
  ...(status ? { status } : {}),
})

/** A running container of sandbox `sb`, of the spec that `container(name)` gives. */
export const observed = (name: string, more: Partial<ObservedContainer> = {}): ObservedContainer => ({
  id: name,
  podUid: 'u',
  podName: 'p',
  podNamespace: 'default',
  name,
  role: 'container',
  attempt: 0,
  backoffSeconds: 0,
  sandboxId: 'sb',
  specHash: specHash(container(name)),
  image: 'web:1',
  imageId: 'sha256:1',
  state: 'running',
  createdAt: 0,
  startedAt: 1000,
  finishedAt: 0,
  exitCode: 0,
  oomKilled: false,
  pid: 1,
  limits: { cpuShares: 2, cpuQuota: 0, memory: 0 },
  terminationMessage: { fallbackToLogs: false },
  ...(more.role === 'sandbox' ? { ip: '10.42.0.5' } : {}),
  ...more,
})

export const view = (p: Pod, containers: readonly ObservedContainer[], memory: Partial<Memory> = {}): PodView => ({
  pod: p,
  removed: false,
  observed: containers,
  memory: { inFlight: new Set(), volumes: 'ready', waiting: new Map(), health: new Map(), ...memory },
})
