import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeKubeconfig } from '../../src/api/auth/kubeconfig.ts'
import { assembleApi } from '../../src/cli/assembly/api/api.ts'
import { ownAddress } from '../../src/cli/assembly/machine/node-addresses.ts'
import { inProcessClient } from '../../src/client/in-process.ts'
import { startControllers } from '../../src/controllers/index.ts'
import { createLog } from '../../src/operators/log.ts'
import { startScheduler } from '../../src/scheduler/scheduler.ts'
import { startFakeNode } from './fake-node.ts'

interface RunningCluster {
  readonly kubeconfig: string
  readonly nodes: number
  stop(): Promise<void>
}

/** The API on `port` with our controllers, scheduler and two nodes that run no containers, on data of its own. */
export async function startCluster(port: number): Promise<RunningCluster> {
  const data = mkdtempSync(join(tmpdir(), 'slipway-conformance-'))
  const assembled = await assembleApi({ data, store: { kind: 'lmdb' }, serviceCidr: '10.43.0.0/16' })
  const { api, pki } = assembled
  const listening = await api.listen({ port, ...pki.serving, clientCa: pki.caCert })
  const address = ownAddress()
  if (address) await assembled.advertise(address, listening.port)
  const kubeconfig = join(data, 'kubeconfig')
  const server = `https://127.0.0.1:${listening.port}`
  await writeKubeconfig(kubeconfig, { server, caCert: pki.caCert, user: { client: pki.admin } })
  const end = new AbortController()
  const { signal } = end
  const clientFor = (userAgent: string) =>
    inProcessClient(
      api.handle,
      { name: `system:${userAgent}`, groups: ['system:masters', 'system:authenticated'] },
      { userAgent },
    )
  const log = createLog((level, message, fields) => {
    if (level !== 'info') console.error(`${level}: ${message} ${JSON.stringify(fields)}`)
  })
  const controllers = startControllers({
    client: clientFor('kube-controller-manager'),
    caBundle: pki.caCert,
    authority: pki,
    log,
    signal,
  })
  const { informers } = controllers
  const scheduler = startScheduler({ client: clientFor('kube-scheduler'), log, signal, informers })
  const names = ['node-1', 'node-2']
  for (const [i, name] of names.entries()) {
    await startFakeNode(name, `192.168.77.${i + 1}`, { client: clientFor('kubelet'), informers, signal })
  }
  return {
    kubeconfig,
    nodes: names.length,
    async stop() {
      end.abort()
      await Promise.all([controllers.stopped, scheduler.stopped])
      await listening.close()
      await assembled.close()
      rmSync(data, { recursive: true, force: true })
    },
  }
}
