import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { allocate } from '../../../src/api/flow-control/seat-allocation.ts'

const claims = (...all: [number, number, number][]) => all.map(([target, lower, upper]) => ({ target, lower, upper }))

// What computeConcurrencyAllocation of k8s.io/apiserver 0.36.3 gives.
test('seats are shared out as kube-apiserver shares them', () => {
  const cases = [
    { sum: 100, claims: claims([10, 5, 200], [20, 10, 30], [40, 20, 50]), seats: [20, 30, 50], fraction: 2 },
    {
      sum: 60,
      claims: claims([30, 25, 200], [20, 1, 25], [0, 0, 50]),
      seats: [35.999280014399716, 23.99952000959981, 0.0011999760004799903],
      fraction: 1.1999760004799904,
    },
    {
      sum: 602,
      claims: claims([13, 13, 613], [24, 24, 649], [25, 25, 625], [73, 73, 698], [50, 50, 674], [49, 49, 698], [300, 24, 845]),
      seats: [14.655, 27.056, 28.184, 82.296, 56.367, 55.24, 338.202],
      fraction: 1.1273408239700375,
    },
    { sum: 90, claims: claims([10, 5, 20], [20, 10, 30], [40, 20, 40]), seats: [20, 30, 40], fraction: 2 },
  ]
  for (const { sum, claims, seats, fraction } of cases) {
    const found = allocate(sum, claims)
    assert.ok(found)
    assert.ok(Math.abs(found.fairFraction - fraction) < 1e-9, `${found.fairFraction} ${fraction}`)
    for (const [i, n] of seats.entries()) assert.ok(Math.abs((found.seats[i] ?? 0) - n) < 1e-3, `${found.seats}`)
  }
})

test('bounds that leave no solution give none', () => {
  assert.is(allocate(10, claims([10, 5, 20], [20, 10, 30])), undefined)
  assert.is(allocate(60, claims([10, 5, 20], [20, 10, 30])), undefined)
})

test('everyone is between its bounds, and all seats are given', () => {
  for (let sum = 15; sum <= 90; sum++) {
    const all = claims([10, 5, 20], [20, 10, 30], [0.5, 0, 40])
    const { seats } = allocate(sum, all) ?? { seats: [] }
    assert.ok(Math.abs(seats.reduce((a, b) => a + b, 0) - sum) < 1e-6, `${sum}: ${seats}`)
    for (const [i, n] of seats.entries()) assert.ok(n >= (all[i]?.lower ?? 0) && n <= (all[i]?.upper ?? 0))
  }
})

test.run()
