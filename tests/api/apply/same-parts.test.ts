import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { builtInKind } from '../../../src/api/apply/applied-kind.ts'
import { compareSteps } from '../../../src/api/apply/typed/compare.ts'
import { atOnce } from '../../../src/apimachinery/steps.ts'

const atom = builtInKind('', 'v1', 'Pod').typeAt('v1')
if (!atom) throw new Error('no type')

const pod = (containers: number, image = 'a') => ({
  metadata: { name: 'p', labels: { app: 'a' } },
  spec: {
    nodeSelector: { disk: 'ssd' },
    containers: Array.from({ length: containers }, (_, i) => ({ name: `c-${i}`, image: i === containers - 1 ? image : 'a' })),
  },
})

const pathsOf = (before: object, after: object, fit: boolean) => {
  const { added, modified, removed } = atOnce(compareSteps(atom, before, after, fit))
  return [added, modified, removed].map((set) => [...set.paths()].map((path) => path.join(' ')).sort())
}

for (const containers of [1, 3, 2000]) {
  test(`what is the same is found alike with and without a look at it as a whole: ${containers} containers`, () => {
    const changes = [
      pod(containers, 'b'),
      pod(containers + 1),
      { ...pod(containers), metadata: { name: 'p', labels: { app: 'a', more: 'x' } } },
      { ...pod(containers), spec: { ...pod(containers).spec, nodeSelector: {} } },
      { metadata: pod(containers).metadata },
    ]
    for (const after of changes) {
      for (const [left, right] of [
        [pod(containers), after],
        [after, pod(containers)],
      ] as const) {
        const found = pathsOf(left, right, true)
        assert.equal(found, pathsOf(left, right, false))
        assert.ok(found.flat().length > 0)
      }
    }
  })
}

test('what may not fit its type is looked at though it is the same', () => {
  const wrong = { spec: { containers: ['c'] } }
  assert.throws(() => pathsOf(wrong, structuredClone(wrong), false), /may not have non-map elements/)
})

test.run()
