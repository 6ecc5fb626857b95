import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { missingFiles } from '../../scripts/check-documents.ts'

const files = ['README.md', 'docs/guide.md', 'src/store/README.md', 'src/store/store.ts', 'src/store/lmdb/lmdb-store.ts']
const missing = (text: string) => missingFiles('src/store/README.md', text, files)

test('files and folders may be named from the document, from the root, or by the end of their path', () => {
  assert.equal(
    missing('`store.ts` and `lmdb/lmdb-store.ts`, `src/store/lmdb/`, `../store/store.ts`; [more](../../docs/guide.md#a)'),
    [],
  )
})

test('files that are not there are told of, in links and in code', () => {
  assert.equal(missing('`gone.ts`, `src/gone/`, [a guide](guide.md)'), ['guide.md', 'gone.ts', 'src/gone'])
})

test('addresses, anchors, patterns and other code are not taken for files', () => {
  assert.equal(missing('[web](https://example.com/a.md), [here](#there), `*.test.ts`, `npm run check`, `a/b`, `KIND/NAME`'), [])
})

test.run()
