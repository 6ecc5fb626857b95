import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { CustomResourceDefinition } from '../../../src/apimachinery/kinds.generated.ts'
import type { WebhookDescription } from '../../../src/operators/webhooks/served-webhooks.ts'
import type { Described } from '../../../src/sync/operators/messages.ts'
import type { OperatorObject } from '../../../src/sync/operators/operator-object.ts'
import { operatorAnnotation, otherConverter, registeredConfigurations } from '../../../src/sync/operators/registration.ts'

const operator = (name: string, watch: 'Namespace' | 'Cluster' = 'Namespace') =>
  ({
    metadata: { name, namespace: 'team', uid: name, generation: 1 },
    spec: { module: 'a.ts', watch },
  }) as unknown as OperatorObject
const webhook = (namespaced: boolean): WebhookDescription => ({
  kind: 'validate',
  resource: { group: 'example.com', version: 'v1', resource: 'widgets', namespaced },
  path: '/widgets/validate/0/widgets.example.com',
  name: 'validate-0.widgets.example.com.widgets.operators.slipway.dev',
  operations: ['CREATE'],
  failurePolicy: 'Fail',
  scope: { namespaceSelector: { tier: 'gold' } },
})
const described = (...webhooks: WebhookDescription[]): Described => ({
  operators: [{ name: 'widgets', rules: [], webhooks, conversion: undefined }],
})
const address = { url: 'https://127.0.0.1:4000' }

test('an operator of a namespace is asked about objects of that namespace only, one of the cluster about all', () => {
  const selectorOf = (object: OperatorObject, namespaced = true) =>
    registeredConfigurations(object, described(webhook(namespaced)), address, '').validating?.webhooks?.[0]?.namespaceSelector
  assert.equal(selectorOf(operator('a')), { matchLabels: { tier: 'gold', 'kubernetes.io/metadata.name': 'team' } })
  assert.equal(selectorOf(operator('a', 'Cluster')), { matchLabels: { tier: 'gold' } })
  // Selectors of namespaces mean nothing for objects without one.
  assert.equal(selectorOf(operator('a'), false), { matchLabels: { tier: 'gold' } })
})

test('a configuration is named by its Operator, leads to its port with its failure policy, and is absent without webhooks', () => {
  const { validating, mutating } = registeredConfigurations(operator('a'), described(webhook(true)), address, 'PEM')
  assert.is(validating?.metadata.name, 'a.team.operators.slipway.dev')
  const [only] = validating?.webhooks ?? []
  assert.equal(only?.clientConfig, {
    url: 'https://127.0.0.1:4000/widgets/validate/0/widgets.example.com',
    caBundle: Buffer.from('PEM').toString('base64'),
  })
  assert.is(only?.failurePolicy, 'Fail')
  assert.is(mutating, undefined)
})

test('a definition has one converter: the one it names, as long as that is there', () => {
  const definition = (by?: string) =>
    ({ metadata: { name: 'w', annotations: by ? { [operatorAnnotation]: by } : {} } }) as unknown as CustomResourceDefinition
  const [a, b] = [operator('a'), operator('b')]
  assert.is(otherConverter(definition(), a, [a, b]), undefined)
  assert.is(otherConverter(definition('team/a'), a, [a, b]), undefined)
  assert.is(otherConverter(definition('team/b'), a, [a, b]), 'team/b')
  assert.is(otherConverter(definition('team/b'), a, [a]), undefined)
})

test.run()
