import { customResource, defineOperator, type ObjectOf, schema } from 'slipway/operators'

/** What users write. Its type, its definition and what the API checks all follow from this. */
export const Greeter = customResource({
  group: 'example.com',
  version: 'v1alpha1',
  kind: 'Greeter',
  spec: schema
    .object({
      image: schema.string().minLength(1).default('nginx:stable'),
      replicas: schema.integer().min(0).max(100).default(1),
      port: schema.integer().min(1).max(65535).default(80),
    })
    .rule('self.replicas == 0 || self.image != ""', 'replicas need an image'),
  status: schema.object({ ready: schema.integer() }),
  columns: { Image: '.spec.image', Replicas: '.spec.replicas', Ready: '.status.ready' },
  scale: { spec: '.spec.replicas', status: '.status.ready' },
})
export type Greeter = ObjectOf<typeof Greeter>

/** Declares what should exist for a Greeter; the runtime makes it so, and deletes what is no longer declared. */
export default defineOperator({
  for: Greeter,
  owns: ['Deployment', 'Service'],
  reconcile({ object, child, observed }) {
    const { image, replicas, port } = object.spec
    const labels = { app: object.metadata.name }
    const container = { name: 'main', image, ports: [{ containerPort: port }] }
    const deployment = child('Deployment', {
      spec: {
        replicas,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [container] } },
      },
    })
    child('Service', { spec: { selector: labels, ports: [{ port: 80, targetPort: port }] } })
    const ready = observed(deployment)?.status?.readyReplicas ?? 0
    return { status: { ready, Ready: ready === replicas || `${ready} of ${replicas} are up` } }
  },
})
