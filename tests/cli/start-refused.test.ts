import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { DataDirectory } from '../../src/cli/assembly/machine/data-directory.ts'
import { checkPort, portOf } from '../../src/cli/assembly/machine/port.ts'

test('a port that another program has is told of before anything starts', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve))
  const { port } = server.address() as AddressInfo
  const refused = await checkPort(port).catch((error: Error) => error.message)
  assert.is(refused, `port ${port} is in use by another program: end that, or choose another with --port`)
  await new Promise((resolve) => server.close(resolve))
  assert.is(await checkPort(port), undefined)
})

test('what is no port is refused by its text', () => {
  assert.is(portOf('6443'), 6443)
  for (const text of ['abc', '-1', '70000', '1.5']) assert.throws(() => portOf(text), `--port ${text}: must be a number`)
})

test('a data directory that can not be used says why and what to do', () => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-data-'))
  writeFileSync(join(folder, 'file'), '')
  const make = (path: string) => () => new DataDirectory(path).make()
  assert.throws(make(join(folder, 'file')), /can not be used: it is a file; choose another with --data/)
  assert.throws(make(join(folder, 'file/below')), /can not be used: (it|something on the way to it) is a file/)
  assert.throws(make('/proc/slipway'), /can not be used: (nothing can be made there|this user may not write there)/)
  make(join(folder, 'a/b/c'))()
  rmSync(folder, { recursive: true })
})

test.run()
