import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { send } from '../custom/send.ts'
import { testApi } from '../test-api.ts'

test('a dry run shows labels that the server gives where a stored object has them', async () => {
  const { api, client } = await testApi()
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } }
  const job = JSON.stringify({ metadata: { name: 'x' }, spec: { suspend: true, template } })
  const fields = async (query: string): Promise<string[]> => {
    const { text } = await send(client, 'POST', `/apis/batch/v1/namespaces/default/jobs${query}`, job)
    const { metadata } = JSON.parse(text) as { metadata: object }
    return Object.keys(metadata).filter((field) => field !== 'resourceVersion')
  }
  const tried = await fields('?dryRun=All')
  assert.ok(tried.includes('labels'))
  assert.equal(tried, await fields(''))
  await api.close()
})

test.run()
