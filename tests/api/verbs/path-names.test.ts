import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { asking } from '../abuse/asking.ts'

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

test.run()
