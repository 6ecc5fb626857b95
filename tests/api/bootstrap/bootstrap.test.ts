import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { bootstrap } from '../../../src/api/bootstrap/bootstrap.ts'
import { configmaps, namespaces } from '../../../src/apimachinery/resources.generated.ts'
import { testApi } from '../test-api.ts'

test('the first objects are made once: a server that starts again asks for what is missing alone', async () => {
  const { api, client } = await testApi()
  const asked: string[] = []
  const handle: typeof api.handle = (request) => {
    asked.push(`${request.method} ${request.path}`)
    return api.handle(request)
  }
  await bootstrap(handle, api.objects, { serviceCidr: '10.43.0.0/16' })
  assert.ok(asked.length > 20, `${asked.length}`)
  assert.ok(api.objects.get(namespaces, undefined, 'kube-node-lease'))
  asked.length = 0
  await bootstrap(handle, api.objects, { serviceCidr: '10.43.0.0/16' })
  assert.equal(asked, [])
  const name = 'kube-apiserver-legacy-service-account-token-tracking'
  await client.delete(configmaps, name, { namespace: 'kube-system' })
  await bootstrap(handle, api.objects)
  assert.equal(asked, ['POST /api/v1/namespaces/kube-system/configmaps'])
  assert.ok(api.objects.get(configmaps, 'kube-system', name))
})

test.run()
