import { type Clock, microTimeText, sleep, untilBeat } from '../apimachinery/clock.ts'
import type { Lease } from '../apimachinery/kinds.generated.ts'
import { leases } from '../apimachinery/resources.generated.ts'
import { isAlreadyExists, isNotFound } from '../apimachinery/status.ts'
import type { Client } from '../client/client.ts'
import type { Log } from '../operators/log.ts'

const namespace = 'kube-node-lease'
const renewMs = 10_000
const leaseDurationSeconds = 40

/** Renews the node's Lease every 10 s until `signal` aborts: the proof that the agent lives. */
export async function keepLease(options: {
  readonly client: Client
  readonly clock: Clock
  readonly log: Log
  readonly node: { readonly name: string; readonly uid: string }
  readonly signal: AbortSignal
}): Promise<void> {
  const { client, clock, log, node, signal } = options
  const create = (): Promise<Lease> =>
    client.create(
      leases,
      {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: {
          name: node.name,
          namespace,
          ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: node.name, uid: node.uid }],
        },
        spec: { holderIdentity: node.name, leaseDurationSeconds, renewTime: microTimeText(clock.now()) },
      },
      { namespace },
    )
  const renew = async () => {
    const body = { spec: { holderIdentity: node.name, leaseDurationSeconds, renewTime: microTimeText(clock.now()) } }
    try {
      await client.patch(leases, node.name, { type: 'merge', body }, { namespace })
    } catch (error) {
      if (!isNotFound(error)) throw error
      await create().catch((e) => {
        if (!isAlreadyExists(e)) throw e
      })
    }
  }
  while (!signal.aborted) {
    await renew().catch((error) => log.error('node lease not renewed', error, { node: node.name }))
    await sleep(clock, untilBeat(clock, renewMs), signal)
  }
}
