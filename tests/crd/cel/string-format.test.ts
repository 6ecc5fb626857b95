import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { KUBERNETES_ENVIRONMENT } from '../../../src/crd/cel/libraries.ts'
import { compileExpression, evaluate } from '../../../src/crd/cel/program.ts'

const resultOf = (source: string): unknown => evaluate(compileExpression(source, KUBERNETES_ENVIRONMENT), {}).value
const fails = (source: string): boolean => {
  try {
    resultOf(source)
    return false
  } catch {
    return true
  }
}

/** What kube-apiserver 1.36.3 told as messages of rules. */
const told: Readonly<Record<string, string>> = {
  '"%s".format([["a", 1, 1.5, 2u, true, null]])': '["a", 1, 1.500000, 2, true, null]',
  '"%s".format([[timestamp("2020-01-01T00:00:00Z"), duration("90s"), b"ab"]])':
    '[timestamp("2020-01-01T00:00:00Z"), duration("90s"), b"ab"]',
  '"%s".format([{"b": {"c": "d"}, "a": [1.25]}])': '{"a":[1.250000], "b":{"c":"d"}}',
  '"%s".format([{0: 5}])': '{0:5}',
  '"%s".format([[double("Infinity"), double("NaN")]])': '["+Inf", "NaN"]',
  '"%s".format([double("Infinity")])': '+Inf',
  '"%s".format([1e21])': '1e+21',
  '"%s".format([123456789.0])': '1.23456789e+08',
  '"%e".format([1234.5])': '1.234500×10⁰³',
  '"%.2e".format([123456789.0])': '1.234568×10⁰⁸',
  '"%e".format([0.000123])': '1.230000×10⁻⁰⁴',
  '"%f".format([1234567.891])': '1,234,567.891000',
  '"%.1f".format([0.25])': '0.2',
  '"%f".format(["Infinity"])': '∞',
  '"%f".format([double("NaN")])': 'NaN',
  '"%d".format([1234567])': '1234567',
}

for (const [source, text] of Object.entries(told)) {
  test(`${source} is ${text}`, () => assert.is(resultOf(source), text))
}

test('numbers with a point are written of doubles only, and bytes as text only if they are', () => {
  const list = (items: string) => `["%f"].map(f, f.format(${items}))`
  assert.is(fails(list('[dyn(1)]')), true)
  assert.is(fails('"%s".format([b"\\xff"])'), true)
})

test('the last of two equal keys counts', () => assert.is(resultOf('{"a": 1, "a": 2}["a"]'), 2))

test('a sum is of one type', () => {
  assert.is(fails('[dyn(2), dyn(1.5)].sum()'), true)
  assert.is(resultOf('[2, 3].sum()'), 5)
})

test('what cannot be converted breaks the expression before it runs, when it is a constant', () => {
  const why = (source: string) => compileExpression(source, KUBERNETES_ENVIRONMENT).brokenConstant
  assert.is(why('true || int("x") == 1'), "type conversion error from 'string' to 'int'")
  assert.is(why('int(string("x")) == 1'), "type conversion error from 'string' to 'int'")
  assert.is(why('["x"].all(s, int(s) == 1)'), undefined)
  assert.is(fails('true || int("x") == 1'), true)
})

test.run()
