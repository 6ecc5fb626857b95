import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openLogFile } from '../../../src/api/audit/log-file.ts'

const line = `${'x'.repeat(600 * 1024 - 1)}\n`

test('a file is rotated before it would grow past its size; the oldest are removed by number and by age', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-audit-'))
  let now = Date.parse('2026-01-01T00:00:00Z')
  const clock = { now: () => now, after: () => () => {} }
  const log = openLogFile({ path: join(folder, 'audit.log'), maxSizeMb: 1, maxBackups: 2, maxAgeDays: 10, clock })
  for (let i = 0; i < 5; i++) {
    await log.write(line)
    now += 3_600_000
  }
  await log.close()
  assert.equal(readdirSync(folder).sort(), [
    'audit-2026-01-01T03-00-00.000.log',
    'audit-2026-01-01T04-00-00.000.log',
    'audit.log',
  ])
  assert.is(readFileSync(join(folder, 'audit.log'), 'utf8').length, line.length)
  assert.is(statSync(join(folder, 'audit.log')).mode & 0o777, 0o600)
  now += 20 * 86_400_000
  const again = openLogFile({ path: join(folder, 'audit.log'), maxSizeMb: 1, maxBackups: 2, maxAgeDays: 10, clock })
  await again.write(line)
  await again.close()
  assert.is(readdirSync(folder).length, 2)
  rmSync(folder, { recursive: true })
})

test.run()
