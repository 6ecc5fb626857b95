import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  addQuantities,
  canonicalQuantity,
  canonicalText,
  compareQuantities,
  formatQuantity,
  isWhole,
  parseQuantity,
  quantityMilli,
  quantityValue,
  roundUpQuantity,
  scaledInt64,
  subtractQuantities,
} from '../../src/apimachinery/quantity.ts'

test('quantities are exact in every notation and round up', () => {
  assert.is(quantityMilli('100m'), 100)
  assert.is(quantityMilli('1.5'), 1500)
  assert.is(quantityMilli('100u'), 1)
  assert.is(quantityValue('1.5Gi'), 1.5 * 2 ** 30)
  assert.is(quantityValue('2e3'), 2000)
  assert.is(quantityValue('1E'), 1e18)
  assert.is(quantityValue('-1500m'), -2)
  assert.is(quantityValue(3), 3)
  assert.throws(() => parseQuantity('1.5.2'), /must match the regular expression/)
  assert.throws(() => parseQuantity('1x'), /must match the regular expression/)
  assert.throws(() => parseQuantity('1Kx'), /must match the regular expression/)
  assert.throws(() => parseQuantity('1Mk'), /suffix/)
  assert.is(quantityValue('Gi'), 0)
  assert.is(quantityValue(undefined), 0)
})

test('a quantity is answered in its canonical form', () => {
  const cases: [string, string][] = [
    ['1000m', '1'],
    ['0.5', '500m'],
    ['1.5Gi', '1536Mi'],
    ['1024Mi', '1Gi'],
    ['0Gi', '0'],
    ['1e3', '1e3'],
    ['12E6', '12E6'],
    ['100000', '100k'],
    ['2000', '2k'],
    ['1.5', '1500m'],
    ['0.1u', '100n'],
    ['1.5Ki', '1536'],
    ['0.0000000001', '1n'],
    ['99999999999999999999Gi', '9223372036854775807'],
    ['-0.5', '-500m'],
    ['00', '0'],
    ['010', '010'],
    ['1000Ki', '1000Ki'],
  ]
  for (const [text, canonical] of cases) assert.is(canonicalQuantity(text), canonical, text)
})

test('sums keep the format of the first, comparisons ignore notation', () => {
  assert.is(formatQuantity(addQuantities('1Gi', '1Gi')), '2Gi')
  assert.is(formatQuantity(addQuantities('0', '512Mi')), '512Mi')
  assert.is(formatQuantity(subtractQuantities('1', '250m')), '750m')
  assert.is(compareQuantities('1Gi', '1G'), 1)
  assert.is(compareQuantities('1000m', '1'), 0)
  assert.ok(isWhole('2k'))
  assert.not(isWhole('1500m'))
})

/** Texts put together at random, and what k8s.io/apimachinery/pkg/api/resource 0.36.3 makes of them. */
const recorded = lines<{ readonly in: string; readonly err?: string; readonly text?: string }>('recorded')

function lines<T>(name: string): T[] {
  const text = readFileSync(new URL(`../data/quantities/${name}.jsonl`, import.meta.url), 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as T)
}

test('quantities are written as Kubernetes writes them, and refused in its words', () => {
  for (const { in: source, err, text } of recorded) {
    try {
      const canonical = canonicalText(source)
      assert.is(err, undefined, source)
      assert.is(canonical, text, source)
    } catch (error) {
      assert.is((error as Error).message, err, source)
    }
  }
})

/** Pairs of texts, mostly too large or too fine for 64 bits, and what the same package computes of them. */
interface Computed {
  readonly in: string
  readonly value: string
  readonly milli: string
  readonly rounded: string
  readonly other: string
  readonly sum: string
  readonly sumValue: string
  readonly sumMilli: string
  readonly difference: string
  readonly order: number
}

test('values in 64 bits, sums and rounding are those of Go, also where they overflow', () => {
  for (const expected of lines<Computed>('arithmetic')) {
    const [a, b] = [parseQuantity(expected.in), parseQuantity(expected.other)]
    const sum = addQuantities(a, b)
    const computed: Computed = {
      in: expected.in,
      value: `${scaledInt64(a, 0)}`,
      milli: `${scaledInt64(a, -3)}`,
      rounded: formatQuantity(roundUpQuantity(a, -3)),
      other: expected.other,
      sum: formatQuantity(sum),
      sumValue: `${scaledInt64(sum, 0)}`,
      sumMilli: `${scaledInt64(sum, -3)}`,
      difference: formatQuantity(subtractQuantities(a, b)),
      order: compareQuantities(a, b),
    }
    assert.equal(computed, expected, `${expected.in} and ${expected.other}`)
  }
})

test.run()
