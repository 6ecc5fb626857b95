import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { unifiedDiff } from '../../../src/api/kinds/unified-diff.ts'

const lines = (...numbers: (number | string)[]) => numbers.join('\n')

test('three lines stand around each change, and far changes are apart', () => {
  const before = lines(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
  const after = lines(1, 'two', 3, 4, 5, 6, 7, 8, 9, 10, 12)
  assert.is(unifiedDiff(before, after), '@@ -1,5 +1,5 @@\n 1\n-2\n+two\n 3\n 4\n 5\n@@ -8,5 +8,4 @@\n 8\n 9\n 10\n-11\n 12\n')
})

test('equal texts have no difference', () => {
  assert.is(unifiedDiff('a', 'a'), '')
})

test.run()
