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

test('a long text of which every second line is another is compared in time, and nothing of it is left out', () => {
  const text = (version: number) => lines(...Array.from({ length: 20_000 }, (_, i) => (i % 2 ? `same${i}` : `${version}x${i}`)))
  const started = process.threadCpuUsage()
  const diff = unifiedDiff(text(1), text(2)).split('\n')
  const { user } = process.threadCpuUsage(started)
  // Compared to the end it takes eight seconds.
  assert.ok(user < 1_000_000, `${user} µs`)
  const of = (mark: string) => diff.filter((line) => line.startsWith(mark)).map((line) => line.slice(1))
  const all = (version: number) => text(version).split('\n')
  assert.equal([...of('-'), ...of(' ')].sort(), all(1).sort())
  assert.equal([...of('+'), ...of(' ')].sort(), all(2).sort())
})

test.run()
