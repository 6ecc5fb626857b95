import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createAuthorizer } from '../../../src/api/auth/authorize.ts'
import type { Attributes } from '../../../src/api/auth/authorizer.ts'
import { forbiddenRequest } from '../../../src/api/auth/forbidden.ts'
import { decideBootstrap } from '../../../src/api/auth/rbac/bootstrap.ts'
import { missingRules } from '../../../src/api/auth/rbac/policy-rule.ts'
import type { UserInfo } from '../../../src/api/request.ts'
import type { ClusterRole } from '../../../src/apimachinery/kinds.generated.ts'
import type { KubeObject } from '../../../src/apimachinery/object.ts'
import {
  clusterrolebindings,
  clusterroles,
  persistentvolumes,
  pods,
  rolebindings,
  roles,
} from '../../../src/apimachinery/resources.generated.ts'
import { atOnce } from '../../../src/apimachinery/steps.ts'
import { ObjectsInMemory } from './objects-in-memory.ts'

const jane: UserInfo = { name: 'jane', groups: ['devs', 'system:authenticated'] }
const ask = (user: UserInfo, verb: string, resource: string, namespace = 'x', name = '', fieldSelector = ''): Attributes => {
  const [plain = '', subresource = ''] = resource.split('/')
  return { user, verb, resource: { group: '', version: 'v1', resource: plain, subresource, namespace, name, fieldSelector } }
}
const role = (rules: object[], name = 'r', namespace = 'x') => ({ metadata: { name, namespace }, rules })
const bind = (subject: object, name = 'r', kind = 'Role') => ({
  metadata: { name: 'b', namespace: 'x' },
  subjects: [subject],
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name },
})
const isAllowed = async (objects: ObjectsInMemory, asked: Attributes) =>
  (await createAuthorizer(objects).authorize(asked)).allowed

test('a binding gives its subjects the rules of its role in its namespace only, and the reason names it', async () => {
  const objects = new ObjectsInMemory()
    .put(roles, role([{ verbs: ['get'], apiGroups: [''], resources: ['pods', '*/log'], resourceNames: ['a'] }]))
    .put(rolebindings, bind({ kind: 'Group', name: 'devs' }))
  const { authorize } = createAuthorizer(objects)
  assert.is(
    (await authorize(ask(jane, 'get', 'pods', 'x', 'a'))).reason,
    'RBAC: allowed by RoleBinding "b/x" of Role "r" to Group "devs"',
  )
  assert.ok(await isAllowed(objects, ask(jane, 'get', 'services/log', 'x', 'a')))
  assert.not(await isAllowed(objects, ask(jane, 'get', 'pods', 'x', 'b')))
  assert.not(await isAllowed(objects, ask(jane, 'get', 'pods', 'y', 'a')))
  assert.not(await isAllowed(objects, ask(jane, 'list', 'pods')))
})

test('a removed binding and a changed role take effect at once', async () => {
  const objects = new ObjectsInMemory().put(roles, role([])).put(rolebindings, bind({ kind: 'ServiceAccount', name: 'bot' }))
  const { authorize } = createAuthorizer(objects)
  const bot = { name: 'system:serviceaccount:x:bot', groups: [] }
  assert.not((await authorize(ask(bot, 'get', 'pods'))).allowed)
  objects.put(roles, role([{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }]))
  assert.ok((await authorize(ask(bot, 'get', 'pods'))).allowed)
  objects.remove(rolebindings, 'x', 'b')
  assert.not((await authorize(ask(bot, 'get', 'pods'))).allowed)
})

test('a refusal is worded as kube-apiserver words it', () => {
  const { status } = forbiddenRequest(ask(jane, 'get', 'pods', 'y', 'x'), '')
  assert.is(status.message, 'pods "x" is forbidden: User "jane" cannot get resource "pods" in API group "" in the namespace "y"')
  assert.equal(status.details, { name: 'x', kind: 'pods' })
  assert.is(
    forbiddenRequest({ user: jane, verb: 'get', path: '/a<b' }, '').status.message,
    'forbidden: User "jane" cannot get path "/a&lt;b"',
  )
})

test('nobody grants what they do not hold, unless they may escalate or bind', async () => {
  const objects = new ObjectsInMemory()
    .put(roles, role([{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }]))
    .put(rolebindings, bind({ kind: 'User', name: 'jane' }))
    .put(clusterroles, { metadata: { name: 'big' }, rules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }] } as object as {
      metadata: object
    })
  const { refuseEscalation } = createAuthorizer(objects)
  const write = (resource: string, object: object, user = jane) =>
    refuseEscalation({ user, resource, namespace: 'x', name: '', object: object as { metadata: object }, oldObject: undefined })
  const wide = role([{ verbs: ['get', 'list', 'delete'], apiGroups: [''], resources: ['pods'] }], 'wide')
  assert.is(
    (await write('roles', wide))?.message,
    'roles.rbac.authorization.k8s.io "wide" is forbidden: user "jane" (groups=["devs" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["pods"], Verbs:["list" "delete"]}',
  )
  assert.is(
    await write('roles', role([{ verbs: ['get'], apiGroups: [''], resources: ['pods'], resourceNames: ['one'] }])),
    undefined,
  )
  assert.match((await write('rolebindings', bind({}, 'big', 'ClusterRole')))?.message ?? '', /Verbs:\["\*"\]/)
  assert.is((await write('rolebindings', bind({}, 'r', 'Other')))?.message, 'unsupported role reference kind: "Other"')
  const unknown = await write('rolebindings', bind({}, 'none'))
  assert.is(`${unknown?.code} ${unknown?.message}`, '404 rolebindings.rbac.authorization.k8s.io "none" not found')
  assert.is(await write('roles', wide, { name: 'root', groups: ['system:masters'] }), undefined)
})

test('a node reads only what its own pods need, through claims and volumes as well', async () => {
  const node = { name: 'system:node:n1', groups: ['system:nodes'] }
  const pod = {
    metadata: { name: 'p', namespace: 'x' },
    spec: {
      nodeName: 'n1',
      serviceAccountName: 'sa',
      containers: [{ name: 'c', env: [{ name: 'E', valueFrom: { secretKeyRef: { name: 'env', key: 'k' } } }] }],
      volumes: [
        { name: 'v', persistentVolumeClaim: { claimName: 'data' } },
        { name: 'c', configMap: { name: 'conf' } },
      ],
    },
  }
  const volume = {
    metadata: { name: 'pv' },
    spec: {
      claimRef: { namespace: 'x', name: 'data' },
      csi: { driver: 'd', volumeHandle: 'h', nodeStageSecretRef: { name: 'stage', namespace: 'csi' } },
    },
  }
  const objects = new ObjectsInMemory()
  const { authorize } = createAuthorizer(objects)
  const allowed = async (...args: [string, string, string?, string?, string?]) => (await authorize(ask(node, ...args))).allowed
  objects.put(pods, pod).put(persistentvolumes, volume)
  assert.ok(await allowed('get', 'secrets', 'x', 'env'))
  assert.ok(await allowed('watch', 'configmaps', 'x', 'conf'))
  assert.ok(await allowed('get', 'persistentvolumes', '', 'pv'))
  assert.ok(await allowed('get', 'secrets', 'csi', 'stage'))
  assert.ok(await allowed('create', 'serviceaccounts/token', 'x', 'sa'))
  assert.ok(await allowed('list', 'pods', '', '', 'spec.nodeName=n1'))
  assert.not(await allowed('list', 'pods', '', '', 'spec.nodeName=n2'))
  assert.not(await allowed('get', 'nodes', '', 'n2'))
  assert.is(
    (await authorize(ask(node, 'get', 'secrets', 'x', 'other'))).reason,
    "no relationship found between node 'n1' and this object",
  )
  objects.remove(pods, 'x', 'p')
  assert.not(await allowed('get', 'secrets', 'x', 'env'))
  assert.not(await allowed('get', 'secrets', 'csi', 'stage'))
})

test('the default roles and bindings are made once, repaired when rules are missing, and left alone when held', () => {
  const objects = new ObjectsInMemory()
  const first = decideBootstrap(objects)
  assert.is(first.length, 133)
  assert.ok(first.every((w) => w.operation === 'create'))
  for (const { resource, object } of first) objects.put(resource, object)
  assert.equal(decideBootstrap(objects), [])
  const admin = objects.get(clusterroles, undefined, 'cluster-admin')
  objects.put(clusterroles, { ...admin, rules: [{ verbs: ['get'], apiGroups: ['mine'], resources: ['x'] }] } as object as {
    metadata: object
  })
  const [repair, ...others] = decideBootstrap(objects)
  assert.is(others.length, 0)
  assert.is((repair?.object as { rules?: unknown[] } | undefined)?.rules?.length, 3)
  const binding = objects.get(clusterrolebindings, undefined, 'cluster-admin')
  objects.put(clusterroles, {
    ...admin,
    metadata: { name: 'cluster-admin', annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'false' } },
    rules: [],
  } as object as { metadata: object })
  objects.put(clusterrolebindings, { ...binding, subjects: [] } as object as { metadata: object })
  assert.equal(
    decideBootstrap(objects).map((w) => [w.operation, w.object.kind]),
    [['update', 'ClusterRoleBinding']],
  )
})

test('at a restart default roles get the selectors that they lack beside those of others; what is not put together of others is no more', () => {
  const objects = new ObjectsInMemory()
  for (const { resource, object } of decideBootstrap(objects)) objects.put(resource, object)
  const selectors = (...names: string[]) => ({ clusterRoleSelectors: names.map((name) => ({ matchLabels: { [name]: 'true' } })) })
  const toEdit = 'rbac.authorization.k8s.io/aggregate-to-edit'
  const edit = objects.get(clusterroles, undefined, 'edit') as ClusterRole & KubeObject
  const scheduler = objects.get(clusterroles, undefined, 'system:kube-scheduler') as ClusterRole & KubeObject
  objects.put(clusterroles, { ...edit, aggregationRule: selectors('mine') } as KubeObject)
  objects.put(clusterroles, { ...scheduler, aggregationRule: selectors('mine') } as KubeObject)
  const writes = decideBootstrap(objects).map(({ object }) => [object.metadata.name, (object as ClusterRole).aggregationRule])
  assert.equal(writes, [
    ['edit', selectors('mine', toEdit)],
    ['system:kube-scheduler', undefined],
  ])
})

test('a rule that differs in one part alone is missing, one in another order is not', () => {
  const rule = { verbs: ['get', 'list'], apiGroups: ['a'], resources: ['x'], resourceNames: ['n'] }
  const missing = (owned: object) => atOnce(missingRules([{ ...rule, ...owned }], [rule])).length
  assert.is(missing({}), 0)
  assert.is(missing({ verbs: ['list', 'get'] }), 0)
  assert.is(missing({ verbs: ['get'] }), 1)
  assert.is(missing({ apiGroups: ['b'] }), 2)
  assert.is(missing({ resources: ['y'] }), 2)
  assert.is(missing({ resourceNames: ['m'] }), 2)
  assert.is(
    atOnce(missingRules([{ verbs: ['get'], nonResourceURLs: ['/a'] }], [{ verbs: ['get'], nonResourceURLs: ['/b'] }])).length,
    1,
  )
})

test.run()
