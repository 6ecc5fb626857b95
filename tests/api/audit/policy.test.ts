import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { extentOf, readAuditPolicy } from '../../../src/api/audit/policy.ts'

const policy = (rules: string, more = '') =>
  readAuditPolicy(`{apiVersion: audit.k8s.io/v1, kind: Policy, rules: [${rules}]${more}}`, 'policy.yaml')
const joe = { name: 'joe', groups: ['devs'] }
const ask = (resource: string, more: object = {}) => {
  const [name = '', subresource = ''] = resource.split('/')
  return {
    user: joe,
    verb: 'get',
    resource: { group: '', version: 'v1', resource: name, subresource, namespace: 'default', name: 'x', ...more },
  }
}
const level = (rules: string, asked: Parameters<typeof extentOf>[1]) => extentOf(policy(rules), asked).level

test('the first rule that matches decides, and what none matches is not logged', () => {
  const rules = '{level: None, users: [eve]}, {level: Metadata, verbs: [list]}, {level: Request, users: [joe]}'
  assert.is(level(rules, ask('pods')), 'Request')
  assert.is(level(rules, { ...ask('pods'), verb: 'list' }), 'Metadata')
  assert.is(level(rules, { ...ask('pods'), user: { name: 'eve', groups: [] }, verb: 'list' }), 'None')
  assert.is(level(rules, { ...ask('pods'), user: { name: 'amy', groups: [] } }), 'None')
})

test('resources match by group, name, and subresource written resource/sub, resource/* or */sub', () => {
  const one = (resources: string) => `{level: Metadata, resources: [${resources}]}`
  assert.is(level(one('{group: "", resources: [pods]}'), ask('pods')), 'Metadata')
  assert.is(level(one('{group: "", resources: [pods]}'), ask('pods/log')), 'None')
  assert.is(level(one('{group: "", resources: ["pods/*"]}'), ask('pods/log')), 'Metadata')
  assert.is(level(one('{group: "", resources: ["*/log"]}'), ask('pods/log')), 'Metadata')
  assert.is(level(one('{group: "*"}'), ask('pods', { group: 'apps' })), 'Metadata')
  assert.is(level(one('{resources: [pods]}'), ask('pods', { group: 'apps' })), 'None')
  assert.is(level(one('{resources: [pods], resourceNames: [y]}'), ask('pods')), 'None')
})

test('a rule of namespaces or resources matches no other paths, a rule of paths no resources', () => {
  const path = { user: joe, verb: 'get', path: '/healthz/etcd' }
  assert.is(level('{level: Metadata, namespaces: [default]}', path), 'None')
  assert.is(level('{level: Metadata, nonResourceURLs: ["/healthz*"]}', path), 'Metadata')
  assert.is(level('{level: Metadata, nonResourceURLs: ["*"]}', ask('pods')), 'None')
  assert.is(level('{level: Metadata, namespaces: [""]}', ask('nodes', { namespace: '' })), 'Metadata')
})

test('stages to omit are those of the rule and of the policy; omitManagedFields of the rule overrides', () => {
  const p = policy(
    '{level: Request, omitStages: [ResponseStarted], omitManagedFields: false}',
    ', omitStages: [RequestReceived], omitManagedFields: true',
  )
  const extent = extentOf(p, ask('pods'))
  assert.equal([...extent.omitStages].sort(), ['RequestReceived', 'ResponseStarted'])
  assert.is(extent.omitManagedFields, false)
})

test('a policy with a mistake is refused with file, place and reason', () => {
  assert.throws(() => policy(''), 'policy.yaml: rules: loaded illegal policy with 0 rules')
  assert.throws(() => policy('{level: All}'), /rules\[0\]\.level: must be one of None, Metadata, Request, RequestResponse/)
  assert.throws(() => policy('{level: None, nonResourceURLs: [healthz]}'), /must begin with a '\/' character/)
  assert.throws(
    () => policy('{level: None, resources: [{group: "rbac.authorization.k8s.io/v1"}]}'),
    /rules\[0\]\.resources\[0\]\.group/,
  )
  assert.throws(() => policy('{level: None, user: [a]}'), /rules\[0\]\.user: unknown field/)
  assert.throws(
    () => readAuditPolicy('kind: Pod', 'policy.yaml'),
    /apiVersion and kind are undefined\/Pod; must be audit.k8s.io\/v1\/Policy/,
  )
})

test.run()
