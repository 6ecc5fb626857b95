import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sending } from '../sending.ts'

const send = await sending()
const pods = '/api/v1/namespaces/default/pods'

test('a resize to a pod without containers is refused as their removal', async () => {
  await send('POST', '/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } })
  const { json } = await send('POST', pods, { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } })
  const { containers: _, ...spec } = json.spec
  for (const body of [
    { ...json, spec },
    { ...json, spec: undefined },
  ]) {
    const { status, message } = await send('PUT', `${pods}/p/resize`, body)
    assert.is(status, 422)
    assert.is(
      message,
      'Pod "p" is invalid: [spec.containers: Required value, spec.containers: Forbidden: containers may not be added or removed on resize]',
    )
  }
})

test.run()
