import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { asking } from '../abuse/asking.ts'
import { sending } from '../sending.ts'

const { ask } = await asking()
const config = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: '..' } })

test('a name in a path that no stored object can have is refused when the object is looked for', async () => {
  const told = async (method: string, name: string, body?: string, type = 'application/json') => {
    const path = `/api/v1/namespaces/default/configmaps/${name}`
    const answer = await ask(method, path, body, { 'content-type': type })
    return `${answer.status} ${(JSON.parse(answer.text) as { message: string }).message}`
  }
  const [dot, dots] = [`400 Name parameter invalid: ".": may not be '.'`, `400 Name parameter invalid: "..": may not be '..'`]
  assert.is(await told('GET', '.'), dot)
  assert.is(await told('DELETE', '%2E%2E'), dots)
  assert.is(
    await told('PATCH', 'a%25b', '{}', 'application/merge-patch+json'),
    `400 Name parameter invalid: "a%b": may not contain '%'`,
  )
  assert.is(await told('PATCH', '..?fieldManager=m', config, 'application/apply-patch+yaml'), dots)
  assert.is(await told('PUT', '..', config), dots)
  assert.is(await told('PUT', '.', config), '400 the name of the object (..) does not match the name on the URL (.)')
})

test('a namespace that no key can have is refused by what reads or writes in it, as etcd behind kube-apiserver does', async () => {
  const told = async (method: string, path: string, body?: string, type = 'application/json') => {
    const answer = await ask(method, `/api/v1/namespaces/${path}`, body, { 'content-type': type })
    return `${answer.status} ${(JSON.parse(answer.text) as { message: string }).message}`
  }
  const object = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' } })
  assert.is(await told('GET', './configmaps'), '500 invalid key: "/configmaps/."')
  assert.is(await told('DELETE', '%2E%2E/configmaps'), '500 invalid key: "/configmaps/.."')
  assert.is(await told('GET', './services/x'), '500 invalid key: "/services/specs/./x"')
  assert.is(await told('PUT', '../configmaps/x', object), '500 invalid key: "/configmaps/../x"')
  assert.is(
    await told('PATCH', '../configmaps/x?fieldManager=m', '[]', 'application/apply-patch+yaml'),
    '500 invalid key: "/configmaps/../x"',
  )
  const send = await sending()
  const { status, message } = await send('POST', '/api/v1/namespaces/./configmaps', object)
  assert.equal([status, message], [500, `Internal error occurred: invalid resource name ".": [may not be '.']`])
})

test.run()
