import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ManifestError } from '../../../src/sync/render/manifest.ts'
import { parseManifests } from '../../../src/sync/render/yaml-manifests.ts'

const web = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {"a/b": x}
spec:
  replicas: three
  template:
    spec:
      containers:
        - name: web
          image: demo
        - name: side
          image: demo
---
apiVersion: v1
kind: ConfigMap
metadata: { name: settings }
`

const at = (text: string, field: string): string => {
  const place = parseManifests('web.yaml', text)[0]?.placeOf(field)
  return `${place?.line}:${place?.column}`
}

test('every document is a manifest that knows its place', () => {
  const found = parseManifests('web.yaml', web)
  assert.equal(
    found.map((m) => `${m.object.kind} ${m.place.file}:${m.place.line}`),
    ['Deployment web.yaml:1', 'ConfigMap web.yaml:16'],
  )
})

test('a field path leads to the line of its key, an item to its first key, a missing field to its nearest parent', () => {
  assert.is(at(web, 'spec.replicas'), '7:3')
  assert.is(at(web, 'spec.template.spec.containers[1].image'), '14:11')
  assert.is(at(web, 'spec.template.spec.containers[1]'), '13:11')
  assert.is(at(web, 'spec.template.spec.containers[1].ports[0]'), '13:11')
  assert.is(at(web, 'spec.template.spec.containers[name="side"].image'), '14:11')
  assert.is(at(web, 'spec.selector'), '6:1')
  assert.is(at(web, 'metadata.labels[a/b]'), '5:12')
})

test('a List gives its items, JSON is read as YAML, empty documents are passed over', () => {
  const list =
    '{"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}}]}'
  assert.equal(
    parseManifests('all.json', list).map((m) => m.object.metadata.name),
    ['s'],
  )
  assert.equal(parseManifests('empty.yaml', '# nothing\n---\n---\n'), [])
})

const refused: Record<string, [string, RegExp]> = {
  'a syntax error': ['a: 1\n b: 2\n', /^x\.yaml:\d+:\d+: /],
  'a missing kind': ['apiVersion: v1\nmetadata: {name: a}\n', /^x\.yaml:1:1: kind is missing$/],
  'a name that YAML reads as a truth value': [
    'apiVersion: v1\nkind: Pod\nmetadata:\n  name: n\n',
    /^x\.yaml:4:3: Pod: metadata\.name is read as false: put it into quotes$/,
  ],
  'a missing name': ['apiVersion: v1\nkind: Pod\nmetadata: {}\n', /^x\.yaml:3:1: Pod: metadata\.name is missing$/],
  'a list where an object belongs': ['- a\n', /^x\.yaml:1:1: a manifest must be a map/],
  'a key that stands twice': [
    'apiVersion: v1\nkind: Pod\nkind: Pod\nmetadata: {name: a}\n',
    /^x\.yaml:3:1: Map keys must be unique/,
  ],
  'a YAML bomb': [
    `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n`,
    /Excessive alias count/,
  ],
}
for (const [what, [text, expected]] of Object.entries(refused)) {
  test(`${what} is refused with file, line and column`, () => {
    try {
      parseManifests('x.yaml', text)
      assert.unreachable()
    } catch (error) {
      assert.instance(error, ManifestError)
      assert.match((error as Error).message, expected)
    }
  })
}

test.run()
