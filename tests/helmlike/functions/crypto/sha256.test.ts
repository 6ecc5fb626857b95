import { createHash } from 'node:crypto'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sha256 } from '../../../../src/helmlike/functions/crypto/sha256.ts'

test('is the digest that node:crypto makes, for every length around the blocks', () => {
  for (let length = 0; length < 200; length++) {
    const bytes = Buffer.from(Array.from({ length }, (_, i) => (i * 37 + length) & 0xff))
    assert.is(sha256(bytes), createHash('sha256').update(bytes).digest('hex'), `${length} bytes`)
  }
  const long = Buffer.alloc(100_003, 'ä')
  assert.is(sha256(long), createHash('sha256').update(long).digest('hex'))
})

test.run()
