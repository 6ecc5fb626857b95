import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { finalizerWarnings } from '../../../src/api/custom/finalizer-warnings.ts'
import { selectorWarnings, termWarnings } from '../../../src/api/kinds/node-labels.ts'
import type { KubeObject } from '../../../src/apimachinery/object.ts'

const withFinalizers = (...finalizers: string[]) => ({ metadata: { name: 'a', finalizers } }) as KubeObject

test('a new finalizer without a domain is warned of once; kept ones and those of Kubernetes are not', () => {
  const warnings = finalizerWarnings(
    withFinalizers('mine', 'mine', 'old', 'foregroundDeletion', 'e.com/x'),
    withFinalizers('old'),
  )
  assert.equal(warnings, [
    'metadata.finalizers: "mine": prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers',
  ])
  assert.match(finalizerWarnings(withFinalizers('e.com'), undefined)[0] ?? '', /finalizer name including a path \(\/\) to avoid/)
})

test('deprecated labels of nodes are warned of where nodes are selected', () => {
  const term = { matchExpressions: [{ key: 'beta.kubernetes.io/os', operator: 'In' as const, values: ['x'] }] }
  assert.equal(termWarnings(term, 'at'), [
    'at.matchExpressions[0].key: beta.kubernetes.io/os is deprecated since v1.14; use "kubernetes.io/os" instead',
  ])
  assert.equal(selectorWarnings({ matchLabels: { a: 'b', 'node-role.kubernetes.io/master': '' } }, 'at'), [
    'at.matchLabels.node-role.kubernetes.io/master: use "node-role.kubernetes.io/control-plane" instead',
  ])
})

test.run()
