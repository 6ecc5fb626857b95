import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { addressAllocator, addressNumber, addressText, portAllocator } from '../../../src/api/services/allocator.ts'

test('addresses are text and number alike', () => {
  for (const text of ['10.43.0.1', '0.0.0.0', '255.255.255.255']) assert.is(addressText(addressNumber(text)), text)
})

test('given out at random from the upper part; the lower part only when the upper is full', () => {
  const ports = portAllocator(() => 0)
  assert.is(ports.free(), 30_086)
  for (let n = 30_086; n <= 32_767; n++) ports.take(n)
  assert.is(ports.free(), 30_000)
  for (let n = 30_000; n < 30_086; n++) ports.take(n)
  assert.is(ports.free(), undefined)
})

test('the network and broadcast addresses are no addresses of Services', () => {
  const addresses = addressAllocator('10.43.0.0/16', () => 0)
  assert.not(addresses.has(addressNumber('10.43.0.0')))
  assert.ok(addresses.has(addressNumber('10.43.0.1')))
  assert.not(addresses.has(addressNumber('10.43.255.255')))
  assert.is(addressText(addresses.free() ?? 0), '10.43.1.1')
  assert.throws(() => addressAllocator('fd00::/64', () => 0))
})

test('a number taken twice is free only when both have let it go', () => {
  const ports = portAllocator(() => 0)
  ports.take(30_100)
  ports.take(30_100)
  ports.release(30_100)
  assert.ok(ports.isTaken(30_100))
  ports.release(30_100)
  assert.not(ports.isTaken(30_100))
})

test.run()
