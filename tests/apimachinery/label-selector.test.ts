import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { formatSelector, matchesRequirements, matchesSelector, parseSelector } from '../../src/apimachinery/label-selector.ts'

test('an absent selector selects nothing, an empty one everything, and prototype keys are no labels', () => {
  assert.not(matchesSelector(undefined, { a: 'b' }))
  assert.ok(matchesSelector({}, { a: 'b' }))
  assert.not(matchesSelector({ matchExpressions: [{ key: 'constructor', operator: 'Exists' }] }, {}))
  assert.ok(matchesSelector({ matchExpressions: [{ key: 'a', operator: 'NotIn', values: ['c'] }] }, { a: 'b' }))
})

test('every form of the selector syntax is parsed and matches', () => {
  const labels = { x: 'a', y: '5' }
  const matching = [
    'x=a',
    'x==a',
    'x!=b',
    'x in (a,b)',
    'x notin (b)',
    'z notin (b)',
    'x',
    '!z',
    'y>4',
    'y<6',
    '',
    'x in (in,a)',
    'in!=a',
  ]
  for (const text of matching) assert.ok(matchesRequirements(parseSelector(text), labels), text)
  for (const text of ['x=b', 'x=', 'z', '!x', 'y>5', 'x in ()'])
    assert.not(matchesRequirements(parseSelector(text), labels), text)
  assert.is(formatSelector(parseSelector('b in (z,y), a')), 'a,b in (y,z)')
})

test('errors are worded as Kubernetes words them', () => {
  const cases: [string, string][] = [
    ['x in', "unable to parse requirement: found '' expected: '('"],
    ['x=a,', "found '', expected: identifier after ','"],
    [',', "found ',', expected: !, identifier, or 'end of string'"],
    ['x y', "unable to parse requirement: found 'y', expected: in, notin, =, ==, !=, gt, lt"],
    [
      'x>a',
      "unable to parse requirement: values[0]: Invalid value: \"a\": for 'Gt', 'Lt' operators, the value must be an integer",
    ],
    [
      'x<9223372036854775808',
      "unable to parse requirement: values[0]: Invalid value: \"9223372036854775808\": for 'Gt', 'Lt' operators, the value must be an integer",
    ],
  ]
  for (const [text, message] of cases)
    assert.throws(
      () => parseSelector(text),
      (e: Error) => e.message === message,
      text,
    )
})

test('a NUL ends a word, and where none begins the text', () => {
  assert.equal(parseSelector('a=b\0,c'), parseSelector('a=b,c'))
  assert.equal(parseSelector('a\0\0b=c'), parseSelector('a'))
  assert.equal(parseSelector('a in (\0)'), parseSelector('a in ()'))
  assert.equal(parseSelector('\0'), [])
  assert.throws(
    () => parseSelector('a\0b'),
    (e: Error) => e.message === "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt",
  )
  assert.throws(
    () => parseSelector('a,\0'),
    (e: Error) => e.message === "found '', expected: identifier after ','",
  )
})

test.run()
