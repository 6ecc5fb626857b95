import operator, { Website } from '../../../examples/operators/website/operator.ts'
import { exactly, type SoakPlan } from '../../../src/testkit/soak.ts'

export const plan: SoakPlan = {
  operator,
  crds: [Website],
  sample: (n) =>
    Website.make(
      { name: `site-${n}`, namespace: 'default' },
      { host: `site-${n}.example.com`, pages: { 'index.html': 'hello' } },
    ),
  change: (object, n) => ({ spec: { ...(object as Website).spec, pages: { 'index.html': `hello ${n}` } } }),
  check: exactly(({ metadata: { name } }) => [
    ...['ConfigMap', 'Deployment', 'Ingress', 'Service'].map((kind) => `${kind}/${name}`),
    `Secret/${name}-tls`,
  ]),
}
