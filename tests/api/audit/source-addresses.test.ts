import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sourcesOf } from '../../../src/api/audit/source-addresses.ts'

const test = suite('source addresses')
const from = (headers: Record<string, string>, remoteAddress = '::ffff:127.0.0.1') => sourcesOf({ headers, remoteAddress })

test('what is no address is left out, and addresses are written as Go prints them', () => {
  assert.equal(from({ 'x-forwarded-for': '1.2.3.4, bad, 5.6.7.8' }), ['1.2.3.4', '5.6.7.8', '127.0.0.1'])
  assert.equal(from({ 'x-forwarded-for': '::1, 010.1.1.1, 1.2.3, 2001:DB8:0::1' }), [
    '::1',
    '10.1.1.1',
    '2001:db8::1',
    '127.0.0.1',
  ])
})

test('the real address stands after those forwarded for, once, and ours is not told twice', () => {
  assert.equal(from({ 'x-forwarded-for': '1.1.1.1', 'x-real-ip': '2.2.2.2' }), ['1.1.1.1', '2.2.2.2', '127.0.0.1'])
  assert.equal(from({ 'x-forwarded-for': '2.2.2.2,1.1.1.1', 'x-real-ip': '2.2.2.2' }), ['2.2.2.2', '1.1.1.1', '127.0.0.1'])
  assert.equal(from({ 'x-real-ip': '127.0.0.1' }), ['127.0.0.1'])
})

test.run()
