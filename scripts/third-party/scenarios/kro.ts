import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Scenario } from '../scenario.ts'

const active = 'jsonpath={.status.state}=Active'
const ready = 'condition=Ready'
/** Nobody runs containers where only an API server is. */
const deployed = [
  'patch',
  'deployment',
  'shop',
  '--subresource=status',
  '--type=merge',
  '-p',
  '{"status":{"replicas":2,"readyReplicas":2,"availableReplicas":2,"updatedReplicas":2,"observedGeneration":1}}',
]

export const kro: Scenario = {
  name: 'kro',
  namespace: 'graphs',
  shows:
    'customresourcedefinitions.apiextensions.k8s.io,resourcegraphdefinitions.kro.run,graphrevisions.internal.kro.run,deployments,services,configmaps,ingresses',
  setup: async ({ module }) => {
    const folder = join(module, 'helm/crds')
    return readdirSync(folder)
      .map((file) => readFileSync(join(folder, file), 'utf8'))
      .join('\n---\n')
  },
  programs: ({ port }) => [
    {
      name: 'controller',
      args: [
        `--metrics-bind-address=127.0.0.1:${port(0)}`,
        `--health-probe-bind-address=127.0.0.1:${port(1)}`,
        '--allow-crd-deletion',
        '--dynamic-controller-rate-limiter-rate-limit=100',
      ],
    },
  ],
  steps: [
    {
      says: 'a graph of resources becomes a kind',
      apply: graph('string | default="hello"'),
      until: [
        ['resourcegraphdefinition/shop', active],
        ['resourcegraphdefinition/shop', ready],
        ['crd/shops.kro.run', 'condition=Established'],
      ],
    },
    {
      says: 'an instance makes what does not wait for something else',
      apply: 'apiVersion: kro.run/v1alpha1\nkind: Shop\nmetadata: {name: shop}\nspec: {name: shop, replicas: 2, parts: [a, b]}',
      until: [
        ['deployment/shop', 'jsonpath={.spec.replicas}=2'],
        ['configmap/shop-a', 'jsonpath={.data.part}=a'],
        ['configmap/shop-b', 'jsonpath={.data.part}=b'],
      ],
    },
    {
      says: 'what waited for a ready Deployment is made, and the status says what CEL asks for',
      kubectl: [deployed],
      until: [
        ['service/shop', 'jsonpath={.spec.ports[0].port}=80'],
        ['shop/shop', 'jsonpath={.status.available}=2'],
        ['shop/shop', 'jsonpath={.status.state}=ACTIVE'],
      ],
    },
    {
      says: 'a change goes on to the children; what is switched on comes, a new element of a collection too',
      kubectl: [
        ['patch', 'shop', 'shop', '--type=merge', '-p', '{"spec":{"greeting":"good day","exposed":true,"parts":["a","b","c"]}}'],
      ],
      until: [
        ['ingress/shop', 'jsonpath={.spec.rules[0].http.paths[0].backend.service.name}=shop'],
        ['configmap/shop-c', 'jsonpath={.data.greeting}=good day'],
        ['configmap/shop-a', 'jsonpath={.data.greeting}=good day'],
      ],
    },
    {
      says: 'what is switched off goes, and so do elements that are gone',
      kubectl: [['patch', 'shop', 'shop', '--type=merge', '-p', '{"spec":{"exposed":false,"parts":["c"]}}']],
      until: [
        ['ingress/shop', 'delete'],
        ['configmap/shop-a', 'delete'],
        ['configmap/shop-b', 'delete'],
      ],
    },
    {
      says: 'a child that somebody changed is mended',
      kubectl: [['patch', 'configmap', 'shop-c', '--type=merge', '-p', '{"data":{"part":"wrong"}}']],
      until: [['configmap/shop-c', 'jsonpath={.data.part}=c']],
    },
    {
      says: 'values outside the schema of the kind are refused by the API server',
      kubectl: [['patch', 'shop', 'shop', '--type=merge', '-p', '{"spec":{"replicas":99}}']],
      refused: /spec.replicas: Invalid value: 99: spec.replicas in body should be less than or equal to 9/,
    },
    {
      says: 'a field that is added to the graph is added to the kind',
      apply: graph('string | default="hello"', 'owner: string | default="nobody"'),
      until: [
        [
          'crd/shops.kro.run',
          'jsonpath={.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.owner.default}=nobody',
        ],
        ['shop/shop', 'jsonpath={.spec.owner}=nobody'],
      ],
    },
    {
      says: 'a graph with an expression of the wrong type is not accepted',
      apply: graph('string')
        .replace('name: shop\n', 'name: wrong\n')
        .replace('kind: Shop', 'kind: Wrong')
        .replace('${schema.spec.replicas}', '${schema.spec.greeting}'),
      until: [['resourcegraphdefinition/wrong', 'condition=Ready=False']],
    },
    {
      says: 'a change that breaks the kind is not carried out',
      apply: graph('integer'),
      until: [['resourcegraphdefinition/shop', 'condition=Ready=False']],
    },
    {
      says: 'a graph that is whole again is active again',
      apply: graph('string | default="hello"', 'owner: string | default="nobody"'),
      until: [['resourcegraphdefinition/shop', ready]],
    },
    {
      says: 'an instance that is deleted takes its children with it, in order',
      kubectl: [['delete', 'shop', 'shop', '--wait=false']],
      until: [
        ['shop/shop', 'delete'],
        ['deployment/shop', 'delete'],
        ['service/shop', 'delete'],
        ['configmap/shop-c', 'delete'],
      ],
    },
    {
      says: 'a graph that is deleted takes the kind with it',
      kubectl: [['delete', 'resourcegraphdefinition', 'shop', '--wait=false']],
      until: [
        ['resourcegraphdefinition/shop', 'delete'],
        ['crd/shops.kro.run', 'delete'],
      ],
    },
  ],
}

/** A shop: a Deployment, a Service once that is ready, an Ingress if asked for, a ConfigMap for each part. */
function graph(greeting: string, more = ''): string {
  return `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata:
  name: shop
spec:
  schema:
    apiVersion: v1alpha1
    kind: Shop
    spec:
      name: string | required=true
      replicas: integer | default=1 minimum=0 maximum=9
      greeting: ${greeting}
      exposed: boolean | default=false
      parts: '[]string'
      ${more}
    status:
      available: \${deployment.status.availableReplicas}
      address: \${service.spec.clusterIP}
  resources:
  - id: deployment
    readyWhen:
    - \${deployment.status.availableReplicas == deployment.spec.replicas}
    template:
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: "\${schema.spec.name}"}
      spec:
        replicas: \${schema.spec.replicas}
        selector: {matchLabels: {app: "\${schema.spec.name}"}}
        template:
          metadata: {labels: {app: "\${schema.spec.name}"}}
          spec: {containers: [{name: web, image: nginx}]}
  - id: service
    template:
      apiVersion: v1
      kind: Service
      metadata: {name: "\${deployment.metadata.name}"}
      spec:
        selector: \${deployment.spec.selector.matchLabels}
        ports: [{port: 80}]
  - id: ingress
    includeWhen:
    - \${schema.spec.exposed}
    template:
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata: {name: "\${schema.spec.name}"}
      spec:
        rules:
        - http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: "\${service.metadata.name}", port: {number: 80}}}}]}
  - id: parts
    forEach:
    - part: \${schema.spec.parts}
    template:
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: "\${schema.spec.name + '-' + part}"}
      data:
        part: \${part}
        greeting: \${schema.spec.greeting}
`
}
