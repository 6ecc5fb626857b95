import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Unstructured } from '../../src/apimachinery/object.ts'
import { compileComposition } from '../../src/compositions/compile.ts'
import { evaluatePass } from '../../src/compositions/evaluate.ts'
import { composition, deployment, kinds, type Parts, webApp } from './kinds.ts'

/** One pass; `live` are objects that exist, by id (or id and name). */
async function pass(parts: Parts, spec: object, live: Readonly<Record<string, object>> = {}) {
  const found = await compileComposition(composition(parts), kinds)
  if ('problems' in found) throw new Error(JSON.stringify(found.problems))
  const declared: Unstructured[] = []
  const there = (id: string, name: string | undefined) => (live[`${id}/${name}`] ?? live[id]) as Unstructured | undefined
  const result = evaluatePass(found.compiled, webApp(spec), {
    declare: ({ id }, object) => {
      declared.push(object)
      return there(id, object.metadata?.name)
    },
    read: ({ id }, name) => there(id, name),
  })
  return { ...result, declared }
}

const spec = { replicas: 'integer | default=1', hosts: '[]string', expose: 'boolean', note: 'string' }
const service = {
  id: 'service',
  template: { apiVersion: 'v1', kind: 'Service', spec: { selector: { ip: '${deployment.status.readyReplicas}-x' } } },
}
const ready = { readyWhen: ['${deployment.status.readyReplicas == deployment.spec.replicas}'] }

test('an object is declared with its values; whole expressions keep their type, optionals without value leave their field out', async () => {
  const { declared, waiting } = await pass(
    { spec, resources: [deployment({ replicas: '${schema.spec.replicas}', image: '${schema.spec.?note}' })] },
    { replicas: 3 },
  )
  assert.equal(declared[0]?.spec, { replicas: 3 })
  assert.equal([...waiting], [['deployment', 'is being made']])
})

test('what refers to an object waits until that is ready, and meanwhile stays as it is', async () => {
  const parts = { spec, resources: [deployment({ replicas: 2 }, ready), service] }
  const first = await pass(parts, {}, { deployment: { spec: { replicas: 2 } } })
  assert.equal(
    [...first.waiting],
    [
      ['deployment', '${deployment.status.readyReplicas == deployment.spec.replicas}: no such key: status'],
      ['service', 'waits for deployment'],
    ],
  )
  assert.equal([...first.undecided], ['service'])
  assert.is(first.declared.length, 1)
  const second = await pass(parts, {}, { deployment: { spec: { replicas: 2 }, status: { readyReplicas: 1 } } })
  assert.match(second.waiting.get('deployment') ?? '', /is not true yet/)
  const live = { deployment: { spec: { replicas: 2 }, status: { readyReplicas: 2 } }, service: {} }
  const third = await pass(parts, {}, live)
  assert.equal([...third.waiting], [])
  assert.equal(third.declared[1]?.spec, { selector: { ip: '2-x' } })
})

test('an object that is not included is not declared, nor is what refers to it', async () => {
  const parts = { spec, resources: [deployment({}, { includeWhen: ['${schema.spec.expose}'] }), service] }
  const off = await pass(parts, { expose: false })
  assert.equal([off.declared.length, off.waiting.size, off.undecided.size], [0, 0, 0])
})

test('a condition that cannot be told keeps what is there', async () => {
  const parts = { spec, resources: [deployment({}, { includeWhen: ['${schema.spec.expose}'] })] }
  const { waiting, undecided } = await pass(parts, {})
  assert.equal([...waiting], [['deployment', 'spec.resources[0].includeWhen[0]: ${schema.spec.expose}: no such key: expose']])
  assert.ok(undecided.has('deployment'))
})

test('forEach makes one object for each choice of items, and others see them as a list', async () => {
  const configs = {
    id: 'configs',
    forEach: [
      { name: 'host', in: '${schema.spec.hosts}' },
      { name: 'n', in: '${[1, 2]}' },
    ],
    template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: '${host}-${n}' }, data: { host: '${host}' } },
  }
  const after = {
    id: 'after',
    template: { apiVersion: 'v1', kind: 'ConfigMap', data: { all: '${configs.map(c, c.data.host).join(",")}' } },
  }
  const parts = { spec, resources: [configs, after] }
  const first = await pass(parts, { hosts: ['a', 'b'] }, { 'configs/a-1': {} })
  assert.equal(
    first.declared.map((o) => o.metadata.name),
    ['a-1', 'a-2', 'b-1', 'b-2'],
  )
  assert.is(first.waiting.get('configs'), '1 of 4 are made')
  const second = await pass(parts, { hosts: ['a', 'b'] }, { configs: { data: { host: 'h' } } })
  assert.equal(second.declared.at(-1)?.data, { all: 'h,h,h,h' })
})

test('an external object is read, never made', async () => {
  const external = { id: 'config', external: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: '${schema.spec.note}' } } }
  const parts = { spec, resources: [external, deployment({ image: '${config.data.image}' })] }
  const missing = await pass(parts, { note: 'settings' })
  assert.equal(
    [...missing.waiting],
    [
      ['config', 'is not there'],
      ['deployment', 'waits for config'],
    ],
  )
  const there = await pass(parts, { note: 'settings' }, { 'config/settings': { data: { image: 'nginx' } } })
  assert.equal(there.declared[0]?.spec, { image: 'nginx' })
})

test('the status has what can be told, and leaves out the rest', async () => {
  const status = {
    replicas: '${deployment.spec.replicas}',
    ready: '${deployment.status.readyReplicas}',
    inner: { name: '${schema.metadata.name}' },
  }
  const parts = { spec, status, resources: [deployment({ replicas: 2 })] }
  assert.equal((await pass(parts, {}, { deployment: { spec: { replicas: 2 } } })).status, {
    replicas: 2,
    inner: { name: 'shop' },
  })
})

test.run()
