import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Attributes } from '../../../src/api/auth/authorizer.ts'
import { impersonator } from '../../../src/api/auth/impersonate.ts'
import type { StatusError } from '../../../src/apimachinery/status.ts'

const resource = { group: '', version: 'v1', resource: 'pods', subresource: '', namespace: 'x', name: '' }
const attributes: Attributes = { user: { name: 'alice', groups: [] }, verb: 'list', resource }

/** Allows what `allowed` lists: verb, resource, name. */
const granting = (...allowed: readonly string[]) => {
  const asked: string[] = []
  const impersonate = impersonator((a) => {
    const text =
      `${a.verb} ${[a.resource?.resource, a.resource?.subresource].filter(Boolean).join('/')} ${a.resource?.name}`.trim()
    asked.push(text)
    return { allowed: allowed.includes(text), reason: '' }
  })
  const refusal = async (headers: Record<string, string>): Promise<string> => {
    try {
      const { constraint } = await impersonate(headers, attributes)
      return `allowed by ${constraint ?? 'impersonate'}`
    } catch (error) {
      return (error as StatusError).message
    }
  }
  return { asked, refusal }
}

test('the way by which a user last succeeded is tried first, and its refusal is told', async () => {
  const { refusal } = granting('impersonate users bob')
  assert.match(await refusal({ 'impersonate-user': 'eve' }), /cannot impersonate-on:user-info:list resource "pods"/)
  assert.is(await refusal({ 'impersonate-user': 'bob' }), 'allowed by impersonate')
  assert.match(
    await refusal({ 'impersonate-user': 'eve' }),
    /users "eve" is forbidden: User "alice" cannot impersonate resource "users"/,
  )
})

const narrow = ['impersonate-on:user-info:list pods', 'impersonate:user-info users bob']

test('narrow ways allow no keys of extra without a domain, in upper case or empty, and no empty values', async () => {
  const { refusal } = granting(
    ...narrow,
    'impersonate:user-info userextras/color red',
    'impersonate:user-info userextras/a.b/c red',
  )
  const asked = async (key: string, value = 'red') =>
    (await refusal({ 'impersonate-user': 'bob', [`impersonate-extra-${key}`]: value })).replace(/^.*at the cluster scope: /, '')
  assert.is(await asked('a.b%2fc'), 'allowed by impersonate:user-info')
  assert.is(
    await asked('color'),
    'impersonating an invalid key in extra is not allowed: extra.key: Invalid value: "color": must be a domain-prefixed path (such as "acme.io/foo")',
  )
  assert.is(await asked(''), 'impersonating the empty string key in extra is not allowed')
  assert.is(await asked('a.b%2fC'), 'impersonating a non-lowercase key in extra is not allowed: "a.b/C"')
  assert.is(await asked('a.b%2fc', ''), 'impersonating the empty string value in extra is not allowed')
})

test('many groups are asked for at once in narrow ways, and those never allowed refuse all', async () => {
  const { asked, refusal } = granting(...narrow, 'impersonate:user-info groups *')
  const as = (groups: string) => refusal({ 'impersonate-user': 'bob', 'impersonate-group': groups.replaceAll(', ', '\n') })
  assert.is(await as('a, b, c, d'), 'allowed by impersonate:user-info')
  assert.not(asked.includes('impersonate:user-info groups a'))
  assert.match(await as('a, b, c'), /groups.authentication.k8s.io "a" is forbidden/)
  assert.match(await as('a, , b'), /impersonating the empty string group is not allowed/)
  assert.match(await as('a, system:masters'), /impersonating the system:masters group is not allowed/)
})

test.run()
