import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { filesOf, merged } from '../../../src/helmlike/render/post-render.ts'

// What Helm 4.3.1 gives a post-renderer of these files, and prints when that changes nothing.
const FILES = new Map([
  [
    'c/templates/b.yaml',
    '# a comment\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a  # here\ndata:\n  x: \'yes\'\n  y: "0777"\n  l: |\n    one\n\nspec:\n    a:\n      - 1\n      - b: 0777\n        c: yes\n    f: {a: b}\n---\n# only a comment\n',
  ],
  ['c/templates/a.yaml', '\napiVersion: v1\nkind: Foo\n'],
  ['c/templates/l.yaml', 'kind: List\nitems:\n- {kind: Secret, metadata: {name: s}}\n- kind: Secret\n'],
  ['c/templates/_p.tpl', 'x: y\n'],
  ['c/templates/e.yaml', '\n'],
])
const named = (file: string) => `postrenderer.helm.sh/postrender-filename: '${file}'`
const MERGED = `apiVersion: v1
kind: Foo
metadata:
  annotations:
    ${named('c/templates/a.yaml')}
---
# a comment
apiVersion: v1
kind: ConfigMap
metadata:
  name: a # here
  annotations:
    ${named('c/templates/b.yaml')}
data:
  x: 'yes'
  y: "0777"
  l: |
    one
spec:
  a:
  - 1
  - b: 0777
    c: yes
  f: {a: b}
---
{kind: Secret, metadata: {name: s, annotations: {${named('c/templates/l.yaml')}}}}
---
kind: Secret
metadata:
  annotations:
    ${named('c/templates/l.yaml')}
`

test('a post-renderer gets every document with its file, as it is written', () => {
  assert.is(merged(FILES), MERGED)
  assert.throws(() => merged(new Map([['c/x.yaml', 'a: [']])), /parsing c\/x\.yaml: /)
})

test('what comes back goes to the files that it is from, without what told so', () => {
  const files = filesOf(MERGED)
  assert.equal([...files.keys()], ['c/templates/a.yaml', 'c/templates/b.yaml', 'c/templates/l.yaml'])
  assert.is(files.get('c/templates/a.yaml'), 'apiVersion: v1\nkind: Foo\n')
  assert.is(files.get('c/templates/l.yaml'), '{kind: Secret, metadata: {name: s}}\n---\nkind: Secret\n')
  assert.match(files.get('c/templates/b.yaml') ?? '', 'metadata:\n  name: a # here\ndata:')
  assert.equal(
    [...filesOf('kind: New\n---\nkind: Other\n').keys()],
    ['generated-by-postrender-0.yaml', 'generated-by-postrender-1.yaml'],
  )
})

test.run()
