import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isAllowedAddress, nodeAddress } from '../../../src/api/proxy/allowed-address.ts'

test("no status leads the API server to its own machine, to its link or to a cloud's metadata", () => {
  const refused = [
    '127.0.0.1',
    '127.8.8.8',
    '169.254.169.254',
    '0.0.0.0',
    '255.255.255.255',
    '224.0.0.1',
    '::1',
    '::',
    'fe80::1',
    '::ffff:127.0.0.1',
  ]
  assert.equal(
    refused.filter((a) => isAllowedAddress(a)),
    [],
  )
  assert.not(isAllowedAddress(undefined))
  assert.not(isAllowedAddress('localhost'))
  assert.ok(['10.42.0.7', '192.168.0.1', '8.8.8.8', 'fd00::1'].every((a) => isAllowedAddress(a)))
})

test('what the name of a node resolves to is checked too', async () => {
  assert.is(await nodeAddress('10.0.0.1'), '10.0.0.1')
  for (const host of ['127.0.0.1', 'localhost']) {
    const error = await nodeAddress(host).catch((e) => e)
    assert.equal([error.code, error.message], [400, 'address not allowed'])
  }
})

test.run()
