import type { KubeObject } from '../../apimachinery/object.ts'

const isTrue = (value: string | null): boolean => value === 'true' || value === '1'

type Options = { readonly kind: string } & Record<string, unknown>

/** The options object that a CONNECT request stands for: what admission webhooks are shown. Pure. */
export function connectOptions(resource: string, subresource: string, query: URLSearchParams, path: string): KubeObject {
  const options = optionsOf(resource, subresource, query, path)
  // Options are no stored objects: they have no metadata.
  return { apiVersion: 'v1', ...options } as unknown as KubeObject
}

function optionsOf(resource: string, subresource: string, query: URLSearchParams, path: string): Options {
  if (subresource === 'proxy') {
    const kind = { pods: 'PodProxyOptions', services: 'ServiceProxyOptions', nodes: 'NodeProxyOptions' }[resource] ?? ''
    return { kind, path: query.get('path') ?? path }
  }
  if (subresource === 'portforward') {
    const ports = query.getAll('ports').flatMap((text) => text.split(',').map(Number))
    return { kind: 'PodPortForwardOptions', ...(ports.length > 0 ? { ports } : {}) }
  }
  const streams = ['stdin', 'stdout', 'stderr', 'tty'].filter((name) => isTrue(query.get(name)))
  const container = query.get('container')
  return {
    kind: subresource === 'exec' ? 'PodExecOptions' : 'PodAttachOptions',
    ...Object.fromEntries(streams.map((name) => [name, true])),
    ...(container ? { container } : {}),
    ...(subresource === 'exec' ? { command: query.getAll('command') } : {}),
  }
}
