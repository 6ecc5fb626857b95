import type { EndpointSlice, Service } from '../../../src/apimachinery/kinds.generated.ts'

/** The Service x/`name`, at 10.43.0.9:80 unless `spec` says otherwise. */
export const service = (spec: object, name = 'web', status: object = {}): Service =>
  ({
    metadata: { namespace: 'x', name },
    spec: { clusterIP: '10.43.0.9', clusterIPs: ['10.43.0.9'], ports: [{ name: 'http', port: 80, protocol: 'TCP' }], ...spec },
    status,
  }) as Service

export type Point = { ip: string; node?: string; ready?: boolean; ending?: boolean }

/** Its endpoints, on port 8080 of the node n1 unless they say otherwise. */
export const slice = (points: Point[], name = 'web', protocol = 'TCP'): EndpointSlice =>
  ({
    metadata: { namespace: 'x', name: `${name}-1`, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol }],
    endpoints: points.map(({ ip, node = 'n1', ready = true, ending = false }) => ({
      addresses: [ip],
      nodeName: node,
      conditions: { ready, serving: ready || ending, terminating: ending },
    })),
  }) as EndpointSlice
