// Keeps as many pods as spec.replicas says, by a selector of plain pairs: the elder of ReplicaSet.
import type { ReplicationController, ReplicationControllerStatus } from '../apimachinery/kinds.generated.ts'
import { replicationcontrollers } from '../apimachinery/resources.generated.ts'
import { replicaController } from './replicaset.ts'

export const replicationControllerController = replicaController<ReplicationController>({
  name: 'replication-controller',
  resource: replicationcontrollers,
  selectorOf: (rc) => (rc.spec?.selector ? { matchLabels: rc.spec.selector } : undefined),
  statusFor: ({ terminatingReplicas: _, ...status }): ReplicationControllerStatus => status,
})
