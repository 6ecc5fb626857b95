import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { environmentOf } from '../../../src/crd/cel/environment.ts'
import { LANGUAGE } from '../../../src/crd/cel/libraries.ts'
import { compileExpression, evaluate } from '../../../src/crd/cel/program.ts'

const language = environmentOf(LANGUAGE, { homogeneousLiterals: false, escapedNames: true })

function outcome(expression: string): unknown {
  try {
    return evaluate(compileExpression(expression, language), {}).value
  } catch (error) {
    return (error as Error).message
  }
}

// Asked of kube-apiserver 1.36 as policies.
test('what is no container has no members: null, numbers and texts are not an error to has()', () => {
  for (const value of ['null', '1', "'a'", 'true', "duration('1s')", 'type(1)']) {
    assert.is(outcome(`dyn(${value}).x == 1`), 'no such key: x', value)
    assert.is(outcome(`has(dyn(${value}).x)`), false, value)
    assert.is(outcome(`dyn(${value})['k'] == 1`), 'no such key: k', value)
  }
  assert.is(outcome('dyn(1)[0] == 1'), 'no such key: 0')
  assert.is(outcome("dyn('a')[true] == 1"), 'no such key: true')
  assert.is(outcome('dyn(1)[1.5] == 1'), 'no such key: 1.5')
  assert.is(outcome("has(dyn({'a': 1}).a.b)"), false)
  assert.is(outcome("has(dyn({'a': 1}).a.b.c)"), 'no such key: b')
})

test('members of lists are asked for by index', () => {
  assert.is(outcome('dyn([1]).x == 1'), "unsupported index type 'string' in list")
  assert.is(outcome('has(dyn([1]).x)'), "unsupported index type 'string' in list")
})

test.run()
