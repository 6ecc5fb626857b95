import { notFound } from '../../apimachinery/status.ts'
import type { Answer, Call } from '../pipeline/call.ts'
import { Stored } from '../watch/stored.ts'

const names = ['controller-manager', 'scheduler', 'etcd-0'] as const

/** The deprecated ComponentStatus: everything is in one process, so it is healthy when it answers. */
export function componentStatuses(call: Call): Answer {
  const { info, resource } = call
  const found = names.map((name) => ({
    kind: resource.kind,
    apiVersion: 'v1',
    metadata: { name },
    conditions: [{ type: 'Healthy', status: 'True', message: 'ok' }],
  }))
  if (info.name) {
    const one = found.find((c) => c.metadata.name === info.name)
    if (!one) throw notFound({ group: '', resource: 'componentstatus' }, info.name)
    return { kind: 'object', status: 200, object: one, gvk: resource }
  }
  const items = found.map((one) => new Stored(one.metadata.name, Buffer.from(JSON.stringify(one)), 0, one))
  return { kind: 'list', items, metadata: {} }
}
