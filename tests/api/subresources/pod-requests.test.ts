import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { asking } from '../abuse/asking.ts'

const { ask } = await asking()
const pods = '/api/v1/namespaces/default/pods'
const json = { 'content-type': 'application/json' }
const post = (path: string, body: object) => ask('POST', path, JSON.stringify(body), json)
const told = ({ status, text }: { status: number; text: string }) =>
  `${status} ${(JSON.parse(text || '{}') as { message?: string }).message ?? ''}`

test('the query of a log is judged before the pod is looked for', async () => {
  const log = async (query: string) => told(await ask('GET', `${pods}/none/log?${query}`))
  const invalid = '422 PodLogOptions "none" is invalid: '
  assert.is(await log('tailLines=-1'), `${invalid}tailLines: Invalid value: -1: must be greater than or equal to 0`)
  assert.is(await log('limitBytes=0'), `${invalid}limitBytes: Invalid value: 0: must be greater than 0`)
  assert.is(await log('stream=All'), `${invalid}stream: Forbidden: may not be specified`)
  const both = 'at most one of `sinceTime` or `sinceSeconds` may be specified'
  assert.is(await log('sinceSeconds=5&sinceTime=2020-01-01T00:00:00Z'), `${invalid}[]: Forbidden: ${both}`)
  assert.is(await log('tailLines=x&limitBytes=y'), '400 strconv.ParseInt: parsing "x": invalid syntax')
  assert.match(await log('sinceTime=x'), '400 parsing time "x" as "2006-01-02T15:04:05Z07:00"')
  assert.is(await log('tailLines=5'), '404 pods "none" not found')
})

test('a binding says the name of its path', async () => {
  const binding = { apiVersion: 'v1', kind: 'Binding', metadata: {}, target: { kind: 'Node', name: 'n' } }
  assert.is(told(await post(`${pods}/x/binding`, binding)), '400 name in URL does not match name in Binding object')
})

test('an eviction cannot delete what cannot be read', async () => {
  const deleteOptions = { ignoreStoreReadErrorWithClusterBreakingPotential: true }
  const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'x' }, deleteOptions }
  const at = 'deleteOptions.ignoreStoreReadErrorWithClusterBreakingPotential'
  assert.is(
    told(await post(`${pods}/x/eviction`, eviction)),
    `422 Eviction.policy "x" is invalid: ${at}: Invalid value: true: can not be set for pod eviction, try after removing the option`,
  )
})

test('an integer of a query that is empty is none', async () => {
  const empty = '400 strconv.ParseInt: parsing "": invalid syntax'
  assert.is(told(await ask('GET', `${pods}?limit=`)), empty)
  assert.is(told(await ask('GET', `${pods}?timeoutSeconds=`)), empty)
})

test('a limit counts for events where any state will do, which have no watch cache, and for others it does not', async () => {
  const count = async (path: string) => (JSON.parse((await ask('GET', path)).text) as { items: unknown[] }).items.length
  const names = ['a', 'b', 'c']
  for (const name of names) {
    await post('/api/v1/namespaces/default/configmaps', { metadata: { name } })
    await post('/api/v1/namespaces/default/events', { metadata: { name }, involvedObject: { namespace: 'default' } })
  }
  assert.is(await count('/api/v1/namespaces/default/events?limit=2&resourceVersion=0'), 2)
  assert.is((await count('/api/v1/namespaces/default/configmaps?limit=2&resourceVersion=0')) >= 3, true)
})

test('a namespace that is deleted keeps its conditions', async () => {
  await post('/api/v1/namespaces', { metadata: { name: 'n' } })
  const status = { conditions: [{ type: 'A', status: 'True', reason: 'R', message: 'm' }] }
  await ask('PATCH', '/api/v1/namespaces/n/status', JSON.stringify({ status }), {
    'content-type': 'application/merge-patch+json',
  })
  const { text } = await ask('DELETE', '/api/v1/namespaces/n')
  const deleted = JSON.parse(text) as { status: { phase: string; conditions: { type: string }[] } }
  assert.is(deleted.status.phase, 'Terminating')
  assert.is(deleted.status.conditions[0]?.type, 'A')
})

test.run()
