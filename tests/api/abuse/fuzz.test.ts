import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { asking } from './asking.ts'

const { ask } = await asking()
const configMaps = '/api/v1/namespaces/default/configmaps'

/** The same on every run (mulberry32). */
function random(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

const seeds: readonly Buffer[] = [
  Buffer.from('{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"f","labels":{"a":"b"}},"data":{"k":"v","n":"1"}}'),
  Buffer.from('apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: f\n  labels: &l {a: b}\ndata:\n  k: |\n    text\n  n: "1"\n'),
  Buffer.from(
    '[{"op":"add","path":"/data/a~1b","value":"x"},{"op":"test","path":"/data/a","value":null},{"op":"move","from":"/data","path":"/metadata"}]',
  ),
  Buffer.from('6b3873000a0f0a0276311209436f6e6669674d617012160a0a0a01661a0764656661756c7412080a016b12017610', 'hex'),
]
const types = [
  'json',
  'yaml',
  'vnd.kubernetes.protobuf',
  'json-patch+json',
  'merge-patch+json',
  'strategic-merge-patch+json',
  'apply-patch+yaml',
]

function mutated(seed: Buffer, next: (below: number) => number): Buffer {
  const bytes = Buffer.from(seed)
  for (let n = next(8); n >= 0; n--) {
    const at = next(bytes.length)
    const how = next(3)
    if (how === 0) bytes[at] = next(256)
    else if (how === 1) bytes[at] = (bytes[at] as number) ^ (1 << next(8))
    else bytes.copy(bytes, next(bytes.length), at, Math.min(bytes.length, at + next(20)))
  }
  return next(4) === 0 ? bytes.subarray(0, next(bytes.length)) : bytes
}

async function refusesOrTakes(type: string, body: Buffer): Promise<void> {
  const isPatch = type.includes('patch')
  const target = isPatch ? `${configMaps}/f?fieldManager=m` : configMaps
  const { status, text } = await ask(isPatch ? 'PATCH' : 'POST', target, body, { 'content-type': `application/${type}` })
  // kube-apiserver's own answer to fields that it does not know, in an apply.
  const isUntyped = status === 500 && text.includes('failed to create typed patch object')
  const isClear = isUntyped || status < 300 || (status >= 400 && status < 500 && JSON.parse(text).kind === 'Status')
  assert.ok(isClear, `${status} ${text.slice(0, 300)} for ${type} ${body.toString('base64')}`)
}

for (const type of types) {
  test(`${type}: two thousand bodies, random and nearly right, are each taken or clearly refused`, async () => {
    const next = random(types.indexOf(type) + 1)
    for (let i = 0; i < 2000; i++) {
      const seed = seeds[next(seeds.length)] as Buffer
      const body = next(3) === 0 ? Buffer.from(Array.from({ length: next(200) }, () => next(256))) : mutated(seed, next)
      await refusesOrTakes(type, body)
    }
  })
}

test('two thousand random queries and headers are each answered', async () => {
  const next = random(99)
  const words = [
    'labelSelector',
    'fieldSelector',
    'limit',
    'continue',
    'resourceVersion',
    'resourceVersionMatch',
    'pretty',
    'dryRun',
    '=',
    '&',
    'a in (b,c)',
    '!',
    '%00',
    '9'.repeat(30),
    '-1',
    'metadata.name',
    '\\',
    '(',
    ')',
    ',',
    ' ',
    '==',
  ] as const
  for (let i = 0; i < 2000; i++) {
    const text = Array.from({ length: next(12) }, () => words[next(words.length)]).join('')
    const accept = Array.from(
      { length: next(5) },
      () => ['application/json', ';as=Table', ';q=x', ',', '*/*', ';g=meta.k8s.io', ';v=v1', '"'][next(8)],
    ).join('')
    const { status } = await ask('GET', `${configMaps}?${text}`, undefined, { accept })
    assert.ok(status === 200 || (status >= 400 && status < 500), `${status} for ${text} ${accept}`)
  }
})

test.run()
