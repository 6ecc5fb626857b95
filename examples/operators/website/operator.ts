import { createHash, X509Certificate } from 'node:crypto'
import { customResource, type Duration, defineOperator, milliseconds, type ObjectOf, schema, watching } from 'slipway/operators'
import { selfSigned } from './certificate.ts'

export const Website = customResource({
  group: 'example.com',
  version: 'v1',
  kind: 'Website',
  shortNames: ['site'],
  spec: schema.object({
    host: schema
      .string()
      .pattern(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/)
      .maxLength(64)
      .describe('The name that visitors type'),
    pages: schema.map(schema.string()).maxProperties(100).describe('File names and what is in them'),
    replicas: schema.integer().min(1).max(10).default(2),
    tls: schema
      .object({
        secret: schema
          .string()
          .optional()
          .describe('A Secret of type kubernetes.io/tls; without, a certificate is made and renewed'),
        lifetime: schema
          .string()
          .pattern(/^\d+(s|m|h|d)$/)
          .default('90d'),
      })
      .default({}),
  }),
  status: schema.object({ url: schema.string(), certificateEnds: schema.string() }),
  columns: { URL: '.status.url', Certificate: '.status.certificateEnds' },
})
export type Website = ObjectOf<typeof Website>

/** The pods that serve the pages of the ConfigMap `files`; other pages are other pods, so that an update rolls out. */
function server(site: Website, files: string) {
  const labels = { site: site.metadata.name ?? '' }
  const pages = createHash('sha256').update(JSON.stringify(site.spec.pages)).digest('hex').slice(0, 16)
  const container = {
    name: 'web',
    image: 'busybox:1.37',
    command: ['httpd', '-f', '-p', '8080', '-h', '/pages'],
    ports: [{ name: 'http', containerPort: 8080 }],
    readinessProbe: { httpGet: { path: '/', port: 'http' } },
    volumeMounts: [{ name: 'pages', mountPath: '/pages', readOnly: true }],
  }
  const volumes = [{ name: 'pages', configMap: { name: files } }]
  const template = {
    metadata: { labels, annotations: { 'example.com/pages': pages } },
    spec: { containers: [container], volumes },
  }
  return { replicas: site.spec.replicas, selector: { matchLabels: labels }, template }
}

/** When two thirds of a certificate's life are over. Milliseconds since 1970. */
export const renewalOf = (pem: string): number => {
  const { validFrom, validTo } = new X509Certificate(pem)
  return Date.parse(validFrom) + ((Date.parse(validTo) - Date.parse(validFrom)) * 2) / 3
}

const text = (base64: string | undefined): string => Buffer.from(base64 ?? '', 'base64').toString()

/** The certificate in use while it is for this host and not to be renewed; else a new one. */
async function certificateFor({ spec }: Website, data: Record<string, string> | undefined, now: number) {
  const [cert, key] = [text(data?.['tls.crt']), text(data?.['tls.key'])]
  const stays = cert !== '' && new X509Certificate(cert).checkHost(spec.host) !== undefined && now < renewalOf(cert)
  return stays ? { cert, key } : selfSigned(spec.host, now, milliseconds(spec.tls.lifetime as Duration))
}

export default defineOperator({
  for: Website,
  owns: ['ConfigMap', 'Deployment', 'Service', 'Ingress', 'Secret'],
  // Certificates that others make: a change of one concerns the sites that name it.
  indexes: { secret: (site) => (site.spec.tls.secret ? [site.spec.tls.secret] : []) },
  watches: [
    watching('Secret', {
      fieldSelector: 'type=kubernetes.io/tls',
      to: ({ metadata }, { by }) => by('secret', metadata.name ?? ''),
    }),
  ],

  async reconcile({ object: site, child, observed, read, event, clock }) {
    const { name } = site.metadata
    const { host, pages, replicas, tls } = site.spec
    const files = child('ConfigMap', { data: pages })
    const deployment = child('Deployment', { spec: server(site, files.name) })
    child('Service', { spec: { selector: { site: name }, ports: [{ name: 'http', port: 80, targetPort: 'http' }] } })
    const secretName = tls.secret ?? `${name}-tls`
    const backend = { service: { name, port: { name: 'http' } } }
    const rules = [{ host, http: { paths: [{ path: '/', pathType: 'Prefix' as const, backend }] } }]
    child('Ingress', { spec: { tls: [{ hosts: [host], secretName }], rules } })

    const known = read('Secret', secretName)?.data
    let cert = text(known?.['tls.crt'])
    if (!tls.secret) {
      const made = await certificateFor(site, known, clock.now())
      if (made.cert !== cert) event('Normal', 'Certificate', `A certificate for ${host} was made`)
      cert = made.cert
      const data = { 'tls.crt': btoa(made.cert), 'tls.key': btoa(made.key) }
      child('Secret', { metadata: { name: secretName }, type: 'kubernetes.io/tls', data })
    }

    const ready = observed(deployment)?.status?.readyReplicas ?? 0
    const ends = cert ? new Date(new X509Certificate(cert).validTo).toISOString() : undefined
    const Certificate = ends !== undefined || `Secret ${secretName} has no certificate yet`
    const Ready = Certificate !== true ? Certificate : ready === replicas || `${ready} of ${replicas} are up`
    const status = { url: `https://${host}`, certificateEnds: ends, Certificate, Ready }
    return tls.secret ? { status } : { status, requeueAfter: Math.max(renewalOf(cert) - clock.now(), 0) + 1000 }
  },
})
