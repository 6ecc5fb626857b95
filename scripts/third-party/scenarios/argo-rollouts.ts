import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Scenario } from '../scenario.ts'

const kinds = ['rollout', 'experiment', 'analysis-run', 'analysis-template', 'cluster-analysis-template']
const healthy = 'jsonpath={.status.phase}=Healthy'
const paused = 'jsonpath={.status.phase}=Paused'
const image = (name: string, to: string) => [
  'patch',
  'rollout',
  name,
  '--type=json',
  '-p',
  `[{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"${to}"}]`,
]
const status = (name: string, change: object) => [
  'patch',
  'rollout',
  name,
  '--subresource=status',
  '--type=merge',
  '-p',
  JSON.stringify({ status: change }),
]

export const argoRollouts: Scenario = {
  name: 'argo-rollouts',
  namespace: 'rollouts',
  shows: 'rollouts.argoproj.io,replicasets,services,experiments.argoproj.io,analysisruns.argoproj.io,jobs,deployments',
  setup: async ({ module }) =>
    kinds.map((k) => readFileSync(join(module, `manifests/crds/${k}-crd.yaml`), 'utf8')).join('\n---\n'),
  programs: ({ namespace, port }) => [
    {
      name: 'rollouts-controller',
      args: [
        '--leader-elect=false',
        `--metricsport=${port(0)}`,
        `--healthzPort=${port(1)}`,
        '--namespaced',
        `--namespace=${namespace}`,
      ],
    },
  ],
  steps: [
    {
      says: 'a canary rollout makes its first ReplicaSet and becomes healthy with it',
      apply: rollout('web', 2, 'canary: {steps: [{setWeight: 50}, {pause: {}}]}'),
      podsReady: 'app=web',
      until: [['rollout/web', healthy]],
    },
    {
      says: 'a new image runs beside the old one and waits',
      kubectl: [image('web', 'nginx:2')],
      podsReady: 'app=web',
      until: [
        ['rollout/web', paused],
        ['rollout/web', 'jsonpath={.status.currentStepIndex}=1'],
      ],
    },
    {
      says: 'promoted, it takes all replicas',
      kubectl: [status('web', { pauseConditions: null })],
      podsReady: 'app=web',
      until: [['rollout/web', healthy]],
    },
    {
      says: 'scaled through the scale subresource',
      kubectl: [['scale', 'rollout', 'web', '--replicas=4']],
      podsReady: 'app=web',
      until: [['rollout/web', 'jsonpath={.status.availableReplicas}=4']],
    },
    {
      says: 'a third image waits beside it',
      kubectl: [image('web', 'nginx:3')],
      podsReady: 'app=web',
      until: [
        ['rollout/web', paused],
        ['rollout/web', 'jsonpath={.status.updatedReplicas}=2'],
      ],
    },
    {
      says: 'aborted, the second one comes back',
      kubectl: [status('web', { abort: true })],
      podsReady: 'app=web',
      until: [
        ['rollout/web', 'jsonpath={.status.phase}=Degraded'],
        ['rollout/web', 'jsonpath={.status.availableReplicas}=4'],
      ],
    },
    {
      says: 'a blue-green rollout leads its Services to its ReplicaSet',
      apply: [
        service('active'),
        service('preview'),
        rollout('shop', 1, 'blueGreen: {activeService: active, previewService: preview, autoPromotionEnabled: false}'),
      ].join('\n---\n'),
      podsReady: 'app=shop',
      until: [
        ['rollout/shop', healthy],
        ['service/active', 'jsonpath={.spec.selector.rollouts-pod-template-hash}'],
      ],
    },
    {
      says: 'the preview gets the new image, the active Service keeps the old one',
      kubectl: [image('shop', 'nginx:2')],
      podsReady: 'app=shop',
      until: [['rollout/shop', paused]],
    },
    {
      says: 'promoted, the active Service leads to the new one',
      kubectl: [status('shop', { pauseConditions: null })],
      podsReady: 'app=shop',
      until: [['rollout/shop', healthy]],
    },
    {
      says: 'a strategy that makes no sense is told of',
      apply: rollout('wrong', 1, 'canary: {steps: [{setWeight: 50, pause: {}}]}'),
      until: [['rollout/wrong', 'condition=InvalidSpec']],
    },
    {
      says: 'values that the schema forbids are refused',
      apply: rollout('typed', 1, 'canary: {steps: [{setWeight: "much"}]}'),
      refused: /spec.strategy.canary.steps\[0\].setWeight: Invalid value: "string": .*must be of type integer/,
    },
    {
      says: 'an experiment runs two templates for a while',
      apply: `apiVersion: argoproj.io/v1alpha1
kind: Experiment
metadata: {name: trial}
spec:
  duration: 5s
  templates:
  - {name: a, selector: {matchLabels: {app: trial}}, template: {metadata: {labels: {app: trial}}, spec: {containers: [{name: web, image: "nginx:1"}]}}}`,
      podsReady: 'rollouts-pod-template-hash',
      until: [['experiment/trial', 'jsonpath={.status.phase}=Successful']],
    },
    {
      says: 'deleted',
      kubectl: [['delete', 'rollout', 'web', 'shop', 'wrong']],
      until: [['rollout/web', 'delete']],
    },
  ],
}

function rollout(name: string, replicas: number, strategy: string): string {
  return `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: ${name}}
spec:
  replicas: ${replicas}
  revisionHistoryLimit: 2
  selector: {matchLabels: {app: ${name}}}
  template: {metadata: {labels: {app: ${name}}}, spec: {containers: [{name: web, image: "nginx:1"}]}}
  strategy: {${strategy}}`
}

function service(name: string): string {
  return `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}}\nspec: {selector: {app: shop}, ports: [{port: 80}]}`
}
