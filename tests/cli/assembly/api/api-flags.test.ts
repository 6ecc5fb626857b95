import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { apiWishes } from '../../../../src/cli/assembly/api/api-flags.ts'

const anonymous = async (values: Parameters<typeof apiWishes>[0]) => {
  const { error } = console
  const lines: string[] = []
  console.error = (line: string) => void lines.push(line)
  try {
    const { api } = await apiWishes(values)
    return { anonymous: api.authentication?.anonymous, warned: lines.length }
  } finally {
    console.error = error
  }
}

test('where everything is allowed, requests without credentials are not, whatever --anonymous-auth says', async () => {
  assert.equal(await anonymous({}), { anonymous: undefined, warned: 0 })
  assert.equal(await anonymous({ 'authorization-mode': 'Node,RBAC' }), { anonymous: undefined, warned: 0 })
  assert.equal(await anonymous({ 'authorization-mode': 'AlwaysAllow' }), { anonymous: { enabled: false }, warned: 1 })
  assert.equal(await anonymous({ 'authorization-mode': 'AlwaysAllow', 'anonymous-auth': 'true' }), {
    anonymous: { enabled: false },
    warned: 1,
  })
})

test('reloading the encryption configuration needs a file', async () => {
  const refused = (values: Parameters<typeof apiWishes>[0]) => apiWishes(values).catch((e: Error) => e.message)
  assert.is(
    await refused({ 'encryption-provider-config-automatic-reload': 'true' }),
    '--encryption-provider-config-automatic-reload must be set with --encryption-provider-config',
  )
  assert.match(String(await refused({ 'encryption-provider-config-automatic-reload': 'yes' })), /must be true or false/)
})

test.run()
