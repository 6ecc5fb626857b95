import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createAdmission } from '../../../src/api/admission/index.ts'
import { Audit } from '../../../src/api/audit/audit.ts'
import { readAuditPolicy } from '../../../src/api/audit/policy.ts'
import { requestInfo } from '../../../src/api/pipeline/request-info.ts'
import type { UserInfo } from '../../../src/api/request.ts'
import { systemClock } from '../../../src/apimachinery/clock.ts'
import { unauthorized } from '../../../src/apimachinery/status.ts'
import { testApi } from '../test-api.ts'

const test = suite('audit trail')
const admin: UserInfo = { name: 'admin', uid: 'admin', groups: ['system:masters', 'system:authenticated'] }
// A watch's own timer does not keep a process alive.
const alive = setInterval(() => {}, 1000)
const never = new AbortController().signal

interface Recorded {
  readonly verb: string
  readonly uri: string
  readonly body?: object
  readonly events: readonly object[]
}

const verbs: Readonly<Record<string, string>> = { create: 'POST', update: 'PUT', patch: 'PATCH', delete: 'DELETE' }

/** An API whose audit lines are kept, and a way to send requests over its wire. */
async function audited(policy: string, more: Parameters<typeof testApi>[0] = {}) {
  const lines: string[] = []
  const audit = new Audit(readAuditPolicy(policy, 'test'), (line) => void lines.push(line), systemClock)
  const { api, client } = await testApi({ audit, ...more })
  const send = async (method: string, uri: string, body?: object, user = admin) => {
    const [path = '', query = ''] = uri.split('?')
    const headers = {
      'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
      'user-agent': 'probe',
    }
    const bytes = body ? { body: Buffer.from(JSON.stringify(body)) } : {}
    const request = {
      method,
      path,
      query: new URLSearchParams(query),
      headers,
      remoteAddress: '127.0.0.1',
      user,
      signal: never,
      ...bytes,
    }
    const response = await api.handle(request)
    if ('stream' in response.body) for await (const _ of response.body.stream);
    return response
  }
  const events = () =>
    lines
      .splice(0)
      .map((line) => JSON.parse(line))
      .filter((e) => e.userAgent === 'probe')
  return { client, send, events }
}

/** What differs from run to run is replaced; order counts. */
const scrubbed = (value: object): string =>
  JSON.stringify(value)
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replace(/("auditID":)"[^"]*"/g, '$1"ID"')
    .replace(/("resourceVersion":)"\d+"/g, '$1"RV"')
    .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'UID')

test('the lines are those that kube-apiserver 1.36 writes for the same requests', async () => {
  const policy = `
apiVersion: audit.k8s.io/v1
kind: Policy
rules:
- {level: Metadata, resources: [{group: "", resources: [secrets]}]}
- {level: Request, resources: [{group: "", resources: [services]}]}
- {level: RequestResponse, omitManagedFields: true}
`
  const { send, events } = await audited(policy)
  await send('POST', '/api/v1/namespaces', { metadata: { name: 'aud' } })
  events()
  const recorded = JSON.parse(readFileSync(join(import.meta.dirname, '../../data/api/audit-events.json'), 'utf8')) as Recorded[]
  for (const { verb, uri, body, events: expected } of recorded) {
    await send(verbs[verb] ?? 'GET', uri, body)
    const told = events()
    assert.is(told.length, expected.length, `${verb} ${uri}`)
    for (const [i, event] of told.entries())
      assert.is(scrubbed(event), scrubbed(expected[i] ?? {}), `${verb} ${uri} ${event.stage}`)
  }
})

test('the Audit-Id of the answer is the auditID of the events, and that of the request when it has one', async () => {
  const { send, events } = await audited(
    '{apiVersion: audit.k8s.io/v1, kind: Policy, rules: [{level: Metadata, omitStages: [RequestReceived]}]}',
  )
  const { headers } = await send('GET', '/api/v1/namespaces')
  const [event, ...others] = events()
  assert.is(headers['audit-id'], event.auditID)
  assert.is(others.length, 0)
})

test('nothing of a request at level None is written, but it has an Audit-Id', async () => {
  const { send, events } = await audited('{apiVersion: audit.k8s.io/v1, kind: Policy, rules: [{level: None}]}')
  assert.match((await send('GET', '/api/v1/namespaces')).headers['audit-id'] ?? '', /^[0-9a-f-]{36}$/)
  assert.equal(events(), [])
})

test('a request without good credentials is logged with no user and its 401', async () => {
  const security = () => ({
    authenticate: (r: { user?: UserInfo }) => {
      if (r.user?.name !== 'nobody') return admin
      throw unauthorized()
    },
    authorize: () => ({ allowed: true, reason: '' }),
  })
  const { send, events } = await audited('{apiVersion: audit.k8s.io/v1, kind: Policy, rules: [{level: Metadata}]}', { security })
  await send('GET', '/api/v1/namespaces', undefined, { name: 'nobody', groups: [] })
  const [event, ...others] = events()
  assert.equal(
    [event.stage, event.user, event.responseStatus.code, event.responseStatus.reason],
    ['ResponseStarted', {}, 401, 'Unauthorized'],
  )
  assert.is(others.length, 0)
})

test('admission leaves its annotations: pod security, validation failures that are audited, a policy’s own', async () => {
  const admission: NonNullable<Parameters<typeof testApi>[0]>['admission'] = (objects) =>
    createAdmission({
      objects,
      authorizer: {
        authorize: () => ({ allowed: true, reason: '' }),
        refuseEscalation: async () => undefined,
        rulesFor: () => ({ rules: [], problems: [], incomplete: false }),
      },
      findKind: () => undefined,
      writeQuotaStatus: async () => {},
    })
  const { send, events } = await audited(
    '{apiVersion: audit.k8s.io/v1, kind: Policy, rules: [{level: Metadata, omitStages: [RequestReceived]}]}',
    { admission },
  )
  const policies = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolic'
  await send('POST', `${policies}ies`, {
    metadata: { name: 'keys' },
    spec: {
      matchConstraints: {
        resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }],
      },
      validations: [{ expression: 'has(object.data)', message: 'no data' }],
      auditAnnotations: [{ key: 'who', valueExpression: "'name ' + object.metadata.name" }],
    },
  })
  await send('POST', `${policies}ybindings`, {
    metadata: { name: 'all' },
    spec: { policyName: 'keys', validationActions: ['Audit'] },
  })
  events()
  await send('POST', '/api/v1/namespaces/default/configmaps', { metadata: { name: 'empty' } })
  const [{ annotations, responseStatus }] = events()
  assert.is(responseStatus.code, 201)
  assert.is(annotations['keys/who'], 'name empty')
  assert.equal(JSON.parse(annotations['validation.policy.admission.k8s.io/validation_failure']), [
    { message: 'no data', policy: 'keys', binding: 'all', expressionIndex: 0, validationActions: ['Audit'] },
  ])
  await send('PUT', '/api/v1/namespaces/default', {
    metadata: {
      name: 'default',
      labels: { 'pod-security.kubernetes.io/audit': 'baseline', 'pod-security.kubernetes.io/enforce': 'privileged' },
    },
  })
  await send('POST', '/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } })
  events()
  await send('POST', '/api/v1/namespaces/default/pods', {
    metadata: { name: 'p' },
    spec: { hostNetwork: true, containers: [{ name: 'c', image: 'i' }] },
  })
  const [pod] = events()
  assert.is(pod.annotations['pod-security.kubernetes.io/enforce-policy'], 'privileged:latest')
  assert.match(
    pod.annotations['pod-security.kubernetes.io/audit-violations'],
    /^would violate PodSecurity "baseline:latest": host namespaces/,
  )
})

test('requests are counted by the level that they are logged at, and lines too', () => {
  const lines: string[] = []
  const policy = 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: None, verbs: [list]}, {level: Metadata}]'
  const audit = new Audit(readAuditPolicy(policy, 'test'), (line) => void lines.push(line), systemClock)
  const open = (path: string) => {
    const query = new URLSearchParams()
    const request = { method: 'GET', path, query, headers: {}, signal: never }
    return audit.open({ id: 'a', request, info: requestInfo('GET', path, query), user: admin, receivedMs: 0 })
  }
  assert.is(open('/api/v1/pods'), undefined)
  void open('/api/v1/namespaces/a/pods/x')?.received()
  const text = [...audit.lines()].join('\n')
  assert.is(lines.length, 1)
  for (const line of ['event_total 1', 'level_total{level="None"} 1', 'level_total{level="Metadata"} 1'])
    assert.ok(text.includes(`apiserver_audit_${line}`), line)
})

test.after(() => clearInterval(alive))
test.run()
