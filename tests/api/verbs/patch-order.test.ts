import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { asking } from '../abuse/asking.ts'

const { ask } = await asking()
const path = '/api/v1/namespaces/default/configmaps'
await ask('POST', path, JSON.stringify({ metadata: { name: 'a' } }), { 'content-type': 'application/json' })

for (const kind of ['json-patch', 'merge-patch', 'strategic-merge-patch']) {
  test(`a ${kind} that cannot be read is told of where there is something to patch`, async () => {
    const patch = (name: string) => ask('PATCH', `${path}/${name}`, '{"metadata"', { 'content-type': `application/${kind}+json` })
    assert.is((await patch('a')).status, 400)
    assert.is((await patch('none')).status, 404)
  })
}

test('so it is with scales', async () => {
  const { status } = await ask('PATCH', '/apis/apps/v1/namespaces/default/deployments/none/scale', '{', {
    'content-type': 'application/merge-patch+json',
  })
  assert.is(status, 404)
})

test.run()
