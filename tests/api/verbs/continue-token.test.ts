import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readContinueToken } from '../../../src/api/verbs/continue-token.ts'

// As kube-apiserver 1.36 answered.
test('a token of bytes that are no text is refused by the byte with which it begins', () => {
  assert.throws(
    () => readContinueToken('garbage'),
    /continue key is not valid: invalid character '\\u0081' looking for beginning of value$/,
  )
})

test.run()
