import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { bootstrap } from '../../../src/api/bootstrap/bootstrap.ts'
import { keepSchemaStatus } from '../../../src/api/flow-control/schema-status.ts'
import type { FlowSchema } from '../../../src/apimachinery/kinds.generated.ts'
import { flowschemas, prioritylevelconfigurations } from '../../../src/apimachinery/resources.generated.ts'
import { testApi } from '../test-api.ts'

test('a FlowSchema tells whether its priority level exists, as the field manager of kube-apiserver', async () => {
  const { api, client } = await testApi()
  const stop = keepSchemaStatus({ objects: api.objects, handle: api.handle, clock: { now: () => Date.UTC(2026, 0, 1) } })
  const subjects = [{ kind: 'Group', group: { name: 'a' } }]
  const rules = [{ subjects, nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }] }]
  const spec = { priorityLevelConfiguration: { name: 'later' }, rules }
  const until = (isSo: (schema: FlowSchema) => boolean) =>
    new Promise<FlowSchema>((resolve) => {
      const end = api.objects.onChange(flowschemas, (now) => {
        if (!now || !isSo(now)) return
        end()
        resolve(now)
      })
    })
  const isDangling = until(({ status }) => status?.conditions?.[0]?.status === 'True')
  await client.create(flowschemas, { metadata: { name: 's' }, spec })
  const { status, metadata } = await isDangling
  assert.equal(status?.conditions, [
    {
      type: 'Dangling',
      status: 'True',
      lastTransitionTime: '2026-01-01T00:00:00Z',
      reason: 'NotFound',
      message: 'This FlowSchema references the PriorityLevelConfiguration object named "later" but there is no such object',
    },
  ])
  const entry = metadata.managedFields?.find(({ operation }) => operation === 'Apply')
  assert.is(entry?.manager, 'api-priority-and-fairness-config-consumer-v1')
  const isFound = until(({ status }) => status?.conditions?.[0]?.status === 'False')
  const limited = { nominalConcurrencyShares: 1, limitResponse: { type: 'Reject' } }
  await client.create(prioritylevelconfigurations, { metadata: { name: 'later' }, spec: { type: 'Limited', limited } } as never)
  assert.is((await isFound).status?.conditions?.[0]?.reason, 'Found')
  await stop()
})

test('once it has ended nothing is written any more: the store may be closed', async () => {
  const { api } = await testApi()
  await bootstrap(api.handle, api.objects)
  let underway = 0
  const asked: string[] = []
  const handle: typeof api.handle = async (request) => {
    asked.push(request.path)
    underway++
    const response = await api.handle(request)
    underway--
    return response
  }
  const stop = keepSchemaStatus({ objects: api.objects, handle, clock: { now: () => 0 } })
  await stop()
  assert.is(underway, 0)
  const count = asked.length
  assert.ok(count >= 1 && count < api.objects.list(flowschemas).length, `${count} written`)
  await new Promise((resolve) => setImmediate(resolve))
  assert.is(asked.length, count)
})

test.run()
