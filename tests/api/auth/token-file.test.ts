import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readTokenFile } from '../../../src/api/auth/token-file.ts'

test('a line is token, user, uid and groups in quotes; empty lines are left out', () => {
  assert.equal(readTokenFile('t1,ann,u1,"a, b"\n\nt2,bob,\nt3,"c ""d""",u3,system:masters\r\nt4,eve,,\n'), [
    { token: 't1', user: { name: 'ann', groups: ['a', ' b'], uid: 'u1' } },
    { token: 't2', user: { name: 'bob', groups: [] } },
    { token: 't3', user: { name: 'c "d"', groups: ['system:masters'], uid: 'u3' } },
    // As Go splits an empty text.
    { token: 't4', user: { name: 'eve', groups: [''] } },
  ])
})

test('an error names the line and not the token', () => {
  for (const [text, reason] of [
    ['ok,a,b\nsecret,ann', /^line 2: must have at least 3 columns/],
    [',ann,u', /^line 1: the token is empty/],
    ['secret,,u', /^line 1: the user name is empty/],
    ['secret,ann,u,"a', /^line 1: a quote/],
  ] as const) {
    try {
      readTokenFile(text)
      assert.unreachable()
    } catch (e) {
      assert.match((e as Error).message, reason)
      assert.not.match((e as Error).message, /secret/)
    }
  }
})

test.run()
