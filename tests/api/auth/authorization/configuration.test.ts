import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type AuthorizerType, readAuthorizationConfiguration } from '../../../../src/api/auth/authorization/configuration.ts'

const read = (authorizers: readonly object[], mustHave: readonly AuthorizerType[] = []) =>
  readAuthorizationConfiguration(
    JSON.stringify({ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthorizationConfiguration', authorizers }),
    {
      origin: 'test',
      fileKind: (path) => (path === '/there' ? 'file' : path === '/folder' ? 'other' : undefined),
      mustHave,
    },
  )

const refused = (authorizers: readonly object[], mustHave?: readonly AuthorizerType[]) => {
  try {
    read(authorizers, mustHave)
    return ''
  } catch (e) {
    return (e as Error).message.replace('test: ', '')
  }
}

const good = {
  timeout: '3s',
  subjectAccessReviewVersion: 'v1',
  failurePolicy: 'NoOpinion',
  connectionInfo: { type: 'KubeConfigFile', kubeConfigFile: '/there' },
}
const webhook = (settings: object = {}) => [{ type: 'Webhook', name: 'w', webhook: { ...good, ...settings } }]

test('a chain is read in its order, webhooks with the defaults of kube-apiserver', () => {
  const [node, hook] = read([{ type: 'Node', name: 'node' }, ...webhook()])
  assert.equal(node, { type: 'Node', name: 'node' })
  assert.equal(hook, {
    type: 'Webhook',
    name: 'w',
    webhook: {
      authorizedTtlMs: 300_000,
      unauthorizedTtlMs: 30_000,
      timeoutMs: 3000,
      version: 'v1',
      failurePolicy: 'NoOpinion',
      kubeConfigFile: '/there',
      matchConditions: [],
    },
  })
  const [uncached] = read(webhook({ cacheAuthorizedRequests: false, unauthorizedTTL: '1m30s' }))
  assert.ok(uncached?.type === 'Webhook')
  assert.equal([uncached.webhook.authorizedTtlMs, uncached.webhook.unauthorizedTtlMs], [0, 90_000])
})

test('a chain with a mistake is refused in kube-apiserver words', () => {
  assert.is(refused([]), 'authorizers: Required value: at least one authorization mode must be defined')
  assert.is(
    refused([{ type: 'Rbac', name: 'rbac' }]),
    'authorizers[0].type: Unsupported value: "Rbac": supported values: "AlwaysAllow", "AlwaysDeny", "Node", "RBAC", "Webhook"',
  )
  const rbac = { type: 'RBAC', name: 'rbac' }
  assert.is(refused([rbac, rbac]), 'authorizers[1].type: Duplicate value: "RBAC"')
  assert.is(refused([{ type: 'RBAC', name: 'roles' }]), 'expected name rbac for authorizer RBAC instead of roles')
  assert.is(refused([rbac, ...webhook(), ...webhook()]), 'authorizers[2].name: Duplicate value: "w"')
  assert.match(
    refused([{ type: 'RBAC', name: 'R' }]),
    /^authorizers\[0\]\.name: Invalid value: "R": authorizer name is invalid: a lowercase/,
  )
  assert.is(refused([{ type: 'Webhook', name: 'w' }]), 'authorizers[0].webhook: Required value: required when type=Webhook')
  assert.is(
    refused([{ ...rbac, webhook: good }]),
    'authorizers[0].webhook: Invalid value: "non-null": may only be specified when type=Webhook',
  )
  assert.is(refused([rbac], ['Node', 'RBAC', 'Webhook']), 'missing required types: [Node]')
})

test('a webhook with a mistake is refused in kube-apiserver words, at the places that it names', () => {
  const at = (settings: object) => refused(webhook(settings)).replace('authorizers[0].', '')
  assert.is(at({ timeout: undefined }), 'timeout: Required value')
  assert.is(at({ timeout: '31s' }), 'timeout: Invalid value: "31s": must be > 0s and <= 30s')
  assert.is(at({ authorizedTTL: '-1s' }), 'authorizedTTL: Invalid value: "-1s": must be > 0s')
  assert.is(
    at({ subjectAccessReviewVersion: 'v2' }),
    'subjectAccessReviewVersion: Unsupported value: "v2": supported values: "v1", "v1beta1"',
  )
  assert.is(at({ failurePolicy: 'Fail' }), 'failurePolicy: Unsupported value: "Fail": supported values: "NoOpinion", "Deny"')
  const file = (kubeConfigFile: string) => at({ connectionInfo: { type: 'KubeConfigFile', kubeConfigFile } })
  assert.is(file('there'), 'connectionInfo.kubeConfigFile: Invalid value: "there": must be an absolute path')
  assert.is(
    file('/no'),
    'connectionInfo.kubeConfigFile: Invalid value: "/no": error loading file: stat /no: no such file or directory',
  )
  assert.is(file('/folder'), 'connectionInfo.kubeConfigFile: Invalid value: "/folder": must be a regular file')
  const conditions = (...expressions: string[]) =>
    at({ matchConditionSubjectAccessReviewVersion: 'v1', matchConditions: expressions.map((expression) => ({ expression })) })
  assert.is(
    at({ matchConditions: [{ expression: 'true' }] }),
    'matchConditionSubjectAccessReviewVersion: Required value: required if match conditions are specified',
  )
  assert.is(conditions('true', 'true'), 'matchConditions[1].expression: Duplicate value: "true"')
  assert.is(conditions(' '), 'matchConditions[0].expression: Required value')
  assert.match(
    conditions('request.user'),
    /^matchConditions\[0\]\.expression: Invalid value: "request.user": must evaluate to bool/,
  )
  assert.match(conditions('request.nobody == "x"'), /Invalid value: .*compilation failed: .*undefined field 'nobody'/)
  assert.is(
    conditions(...Array.from({ length: 65 }, (_, i) => `${i} == 1`)),
    'matchConditions: Too many: 65: must have at most 64 items',
  )
})

test.run()
