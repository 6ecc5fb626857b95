import { generateKeyPairSync } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createAuthenticator } from '../../../src/api/auth/authenticate.ts'
import { createTokenIssuer } from '../../../src/api/auth/service-account-tokens.ts'
import { gitUser } from '../../../src/cli/assembly/git-access.ts'
import { ObjectsInMemory } from '../../api/auth/objects-in-memory.ts'

const authenticator = createAuthenticator({
  objects: new ObjectsInMemory(),
  issuer: createTokenIssuer({ key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey }),
  staticTokens: [{ token: 'fixed', user: { name: 'ann', groups: [] } }],
})
const asked = (authorization?: string) => {
  const headers = authorization === undefined ? {} : { authorization }
  const request = { headers, headersDistinct: {}, socket: { getPeerX509Certificate: () => undefined } }
  return gitUser(authenticator, request as unknown as IncomingMessage).then((user) => user?.name)
}
const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`

test("git's password is the token; without one that is good nobody in particular asks", async () => {
  assert.is(await asked(basic('git:fixed')), 'ann')
  assert.is(await asked('Bearer fixed'), 'ann')
  for (const authorization of [undefined, basic('git:other'), basic('git:'), basic('fixed:'), 'Bearer other'])
    assert.is(await asked(authorization), undefined, authorization)
})

test.run()
