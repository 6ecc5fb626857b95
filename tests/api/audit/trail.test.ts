import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Audit } from '../../../src/api/audit/audit.ts'
import { readAuditPolicy } from '../../../src/api/audit/policy.ts'
import type { Authorizer } from '../../../src/api/auth/authorize.ts'
import { requestInfo } from '../../../src/api/pipeline/request-info.ts'
import type { UserInfo } from '../../../src/api/request.ts'
import { systemClock } from '../../../src/apimachinery/clock.ts'
import { StatusError, unauthorized } from '../../../src/apimachinery/status.ts'
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
  const send = async (
    method: string,
    uri: string,
    body?: object,
    user = admin,
    otherHeaders: Record<string, string> = {},
    more: object = {},
  ) => {
    const [path = '', query = ''] = uri.split('?')
    const headers = {
      'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
      'user-agent': 'probe',
      ...otherHeaders,
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
      ...more,
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
  return { client, send, events, lines }
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

const everything =
  '{apiVersion: audit.k8s.io/v1, kind: Policy, rules: [{level: RequestResponse, omitManagedFields: true, omitStages: [RequestReceived]}]}'
const configMaps = '/api/v1/namespaces/default/configmaps'

test('what was asked is shown as it was decoded; of a body that was refused before, nothing', async () => {
  const { send, events } = await audited(everything)
  const shown = async (method: string, uri: string, body?: object) => {
    await send(method, uri, body)
    return events().at(-1).requestObject
  }
  assert.is(await shown('POST', configMaps, { kind: 'Pod', apiVersion: 'v1' }), undefined)
  assert.is(await shown('POST', `${configMaps}?fieldValidation=Strict`, { metadata: { name: 'a' }, more: 1 }), undefined)
  assert.is(await shown('POST', `${configMaps}?dryRun=bad`, { metadata: { name: 'a' } }), undefined)
  await send('POST', configMaps, { metadata: { name: 'a' } })
  events()
  assert.equal(await shown('PATCH', `${configMaps}/a`, { data: { b: 'c' } }), { data: { b: 'c' } })
  const review = await shown('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', { spec: {} })
  assert.equal([review.kind, review.status], ['SelfSubjectAccessReview', { allowed: false }])
  // The group's internal version, as kube-apiserver has it.
  const options = await shown('DELETE', `${configMaps}/a`, { propagationPolicy: 'Background' })
  assert.equal(options, { kind: 'DeleteOptions', apiVersion: 'meta.k8s.io/__internal', propagationPolicy: 'Background' })
})

test('answers of discovery and refusals are shown, also of watches and of paths; those that no form was left for are not', async () => {
  const { send, events } = await audited(everything)
  const shown = async (uri: string, headers: Record<string, string> = {}) => {
    await send('GET', uri, undefined, admin, headers)
    return events().at(-1).responseObject
  }
  assert.is((await shown('/api')).kind, 'APIVersions')
  assert.is((await shown('/apis/apps/v1')).kind, 'APIResourceList')
  assert.is((await shown('/apis', { accept: 'application/vnd.kubernetes.protobuf' })).kind, 'APIGroupList')
  assert.is(await shown('/version'), undefined)
  assert.is((await shown(`${configMaps}?watch=1&resourceVersion=bad`)).kind, 'Status')
  assert.is((await shown(`${configMaps}/none`)).reason, 'NotFound')
  assert.is(await shown(`${configMaps}/none`, { accept: 'text/html' }), undefined)
  assert.is((await shown(configMaps, { accept: 'application/yaml' })).kind, 'ConfigMapList')
})

test('a deadline that cannot be read is refused before it is known who asks', async () => {
  const { send, events } = await audited(everything)
  await send('GET', `${configMaps}/a?timeout=bad`)
  const [{ stage, user, responseStatus }, ...others] = events()
  assert.equal([stage, user, responseStatus.code, others.length], ['ResponseStarted', {}, 400, 0])
})

test('a body that is too large is refused in the log too', async () => {
  const { send, events } = await audited(everything)
  const unreadable = new StatusError(413, 'RequestEntityTooLarge', 'Request entity too large: limit is 3145728')
  await send('POST', configMaps, undefined, admin, {}, { unreadable })
  const [{ stage, responseStatus }] = events()
  assert.equal([stage, responseStatus.code], ['ResponseComplete', 413])
})

test('the URI is shown as it was sent, and special characters of HTML are escaped', async () => {
  const { send, events, lines } = await audited(everything)
  await send('GET', configMaps, undefined, admin, {}, { uri: `${configMaps}?a=%20b+c&&<` })
  assert.match(lines.at(-1) ?? '', 'configmaps?a=%20b+c\\u0026\\u0026\\u003c"')
  assert.is(events()[0].requestURI, `${configMaps}?a=%20b+c&&<`)
})

test('that a kind is deprecated is told by the last event alone', async () => {
  const { send, events } = await audited(everything)
  await send('GET', '/api/v1/namespaces/default/endpoints?watch=1&timeoutSeconds=1')
  const told = events().map(({ stage, annotations }) => [stage, annotations?.['k8s.io/deprecated']])
  assert.equal(told, [
    ['ResponseStarted', undefined],
    ['ResponseComplete', 'true'],
  ])
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
  const html = { accept: 'text/html', authorization: 'Bearer x' }
  await send('GET', '/api/v1/namespaces', undefined, { name: 'nobody', groups: [] }, html)
  assert.equal(events()[0].responseStatus, { metadata: {}, message: 'Authentication failed, attempted: bearer', code: 401 })
})

/** An audited API with admission, in which everybody may do everything; and how a policy is made and bound in it. */
async function auditedAdmission() {
  const authorize = () => ({ allowed: true, reason: '' })
  const authorizer: Authorizer = {
    authorize,
    refuseEscalation: async () => undefined,
    rulesFor: function* () {
      yield
      return { rules: [], problems: [], incomplete: false }
    },
  }
  const { send, events } = await audited(
    '{apiVersion: audit.k8s.io/v1, kind: Policy, rules: [{level: Metadata, omitStages: [RequestReceived]}]}',
    { admission: {}, security: () => ({ authenticate: () => admin, authorize, authorizer }) },
  )
  const bind = async (name: string, resource: string, spec: object) => {
    const policies = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolic'
    const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: [resource] }
    const matchConstraints = { resourceRules: [rule] }
    await send('POST', `${policies}ies`, { metadata: { name }, spec: { matchConstraints, ...spec } })
    const binding = { metadata: { name: `${name}-bound` }, spec: { policyName: name, validationActions: ['Audit'] } }
    await send('POST', `${policies}ybindings`, binding)
    events()
  }
  return { send, events, bind }
}

test('what a policy would have refused, and what it notes itself, are annotations', async () => {
  const { send, events, bind } = await auditedAdmission()
  await bind('keys', 'configmaps', {
    validations: [{ expression: 'has(object.data)', message: 'no data' }],
    auditAnnotations: [{ key: 'who', valueExpression: "'name ' + object.metadata.name" }],
  })
  await send('POST', '/api/v1/namespaces/default/configmaps', { metadata: { name: 'empty' } })
  const [{ annotations, responseStatus }] = events()
  assert.is(responseStatus.code, 201)
  assert.is(annotations['keys/who'], 'name empty')
  assert.equal(JSON.parse(annotations['validation.policy.admission.k8s.io/validation_failure']), [
    { message: 'no data', policy: 'keys', binding: 'keys-bound', expressionIndex: 0, validationActions: ['Audit'] },
  ])
})

test('what a policy cannot note is refused, whatever its binding does with refusals', async () => {
  const { send, bind } = await auditedAdmission()
  await bind('unnoted', 'secrets', { auditAnnotations: [{ key: 'who', valueExpression: 'string(object.data.none)' }] })
  const { status } = await send('POST', '/api/v1/namespaces/default/secrets', { metadata: { name: 'empty' } })
  assert.is(status, 422)
})

test('what pod security enforces and what it would have refused are annotations', async () => {
  const { send, events } = await auditedAdmission()
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
