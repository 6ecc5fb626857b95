import { type Clock, sleep, systemClock, untilBeat } from '../apimachinery/clock.ts'
import type { Client } from '../client/client.ts'
import type { InformerSet } from '../client/informer-set.ts'
import type { Context, Controller } from '../operators/controller.ts'
import { type Log, stderrLog } from '../operators/log.ts'
import { type Running, type RunOptions, runControllers } from '../operators/run-controllers.ts'
import { sharedInformers } from '../operators/shared-informers.ts'
import { bootstrapSigner, tokenCleaner } from './bootstrap-tokens.ts'
import { type CertificateAuthority, certificateApprover, certificateCleaner, certificateSigner } from './certificates.ts'
import { clusterRoleAggregationController } from './clusterrole-aggregation.ts'
import { cronJobController } from './cronjob.ts'
import { daemonSetController } from './daemonset/daemonset.ts'
import { deploymentController } from './deployment/deployment.ts'
import { disruptionController } from './disruption.ts'
import { endpointsController } from './endpoints/endpoints.ts'
import { endpointSliceController } from './endpoints/endpointslice.ts'
import { endpointSliceMirroringController } from './endpoints/endpointslice-mirroring.ts'
import { startGarbageCollector } from './garbage-collector.ts'
import { jobController } from './job/job.ts'
import { namespaceController } from './namespace.ts'
import { nodeIpamController } from './node-ipam.ts'
import { nodeLifecycleController } from './node-lifecycle.ts'
import { podGcController, removeExcess } from './pod-gc.ts'
import { replicaSetController } from './replicaset.ts'
import { replicationControllerController } from './replicationcontroller.ts'
import { resourceQuotaController } from './resourcequota.ts'
import { rootCaPublisher } from './root-ca-publisher.ts'
import { serviceAccountController } from './serviceaccount.ts'
import { type AccountTokens, serviceAccountTokenController } from './serviceaccount-token.ts'
import { statefulSetController } from './statefulset/statefulset.ts'
import { attributesProtectionController, claimProtectionController, volumeProtectionController } from './storage-protection.ts'
import { taintEvictionController } from './taint-eviction.ts'
import { ttlAfterFinishedController } from './ttl-after-finished.ts'
import { validatingAdmissionPolicyStatusController } from './validatingadmissionpolicy-status.ts'

interface ControllerOptions {
  readonly client: Client
  /** PEM: what pods trust the API server by. */
  readonly caBundle: string
  /** Signs certificate requests; without it nobody here does. */
  readonly authority?: CertificateAuthority | undefined
  /** Makes the tokens of Secrets; without it nobody here does. */
  readonly issueToken?: AccountTokens['issueToken'] | undefined
  /** IPv4 range that nodes get their pod ranges from, each a /24. */
  readonly clusterCidr?: string
  readonly clock?: Clock
  /** In [0, 1). */
  readonly random?: () => number
  readonly signal: AbortSignal
  readonly log?: Log
  /** Which of them run, by name (that of the garbage collector is `garbage-collector`); all when absent. */
  readonly only?: (name: string) => boolean
  /** Shared with other parts of the process; made when absent. */
  readonly informers?: InformerSet
}

export interface RunningControllers extends Pick<Running, 'informers' | 'metrics' | 'queues' | 'idle'> {
  /** Resolves when all of them are at work. */
  readonly started: Promise<void>
  /** Resolves when all have ended, after `signal` aborted. */
  readonly stopped: Promise<void>
}

/** All controllers that follow one kind. */
const allControllers = (
  options: Pick<ControllerOptions, 'caBundle' | 'clusterCidr' | 'authority' | 'issueToken'>,
): Controller[] => [
  deploymentController,
  replicaSetController,
  replicationControllerController,
  daemonSetController,
  statefulSetController,
  cronJobController,
  jobController,
  endpointSliceController,
  endpointsController,
  endpointSliceMirroringController,
  namespaceController,
  serviceAccountController,
  rootCaPublisher(options.caBundle),
  ...(options.issueToken ? [serviceAccountTokenController({ caBundle: options.caBundle, issueToken: options.issueToken })] : []),
  nodeIpamController(options.clusterCidr ?? '10.42.0.0/16'),
  nodeLifecycleController,
  taintEvictionController,
  podGcController,
  disruptionController,
  resourceQuotaController,
  ttlAfterFinishedController,
  clusterRoleAggregationController,
  claimProtectionController,
  volumeProtectionController,
  attributesProtectionController,
  ...(options.authority ? [certificateApprover(options.authority), certificateSigner(options.authority)] : []),
  certificateCleaner,
  bootstrapSigner,
  tokenCleaner,
  validatingAdmissionPolicyStatusController,
]

/** Starts what kube-controller-manager does; ends when `signal` aborts. */
export function startControllers(options: ControllerOptions): RunningControllers {
  const { client, signal, clock = systemClock, random = Math.random, log = stderrLog(), only = () => true } = options
  const informers = sharedInformers(client, { informers: options.informers, signal, clock, random, log })
  const shared = { signal, clock, random, log, informers }
  const controllers = allControllers(options).filter((c) => only(c.name))
  const running = runControllers(client, controllers, shared)
  const collector = only('garbage-collector') ? startGarbageCollector(client, shared) : undefined
  if (controllers.some((c) => c.name === podGcController.name))
    void running.started.then(() => removeExcessRegularly({ client, informers }, shared))
  return {
    ...running,
    started: Promise.all([running.started, collector?.started]).then(() => {}),
    stopped: Promise.all([running.stopped, collector?.stopped]).then(() => {}),
  }
}

/** Looks for too many finished pods once a minute, until the signal aborts. */
async function removeExcessRegularly(
  context: Pick<Context, 'client' | 'informers'>,
  { clock, signal, log }: Pick<Required<RunOptions>, 'clock' | 'signal' | 'log'>,
): Promise<void> {
  while (!signal.aborted) {
    await removeExcess(context).catch((error) => log.error('finished pods not removed', error))
    await sleep(clock, untilBeat(clock, 60_000), signal)
  }
}
