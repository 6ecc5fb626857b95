import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { systemClock } from '../../../src/apimachinery/clock.ts'
import { StatusError } from '../../../src/apimachinery/status.ts'
import type { Client } from '../../../src/client/client.ts'
import { applicationFor } from '../../../src/sync/application/application.ts'
import { Repositories } from '../../../src/sync/git/repositories.ts'
import { describeModule } from '../../../src/sync/operators/describe.ts'
import { type JudgeOptions, operatorProblems } from '../../../src/sync/operators/judge.ts'
import { Packages } from '../../../src/sync/operators/packages.ts'
import { parseManifests } from '../../../src/sync/render/yaml-manifests.ts'

const manifest = (module: string) =>
  parseManifests(
    'op.yaml',
    `apiVersion: slipway.dev/v1alpha1\nkind: Operator\nmetadata:\n  name: op\nspec:\n  module: ${module}\n`,
  )
const operator = `import { defineOperator, resourceOf } from 'slipway/operators'
export default defineOperator({ for: resourceOf('ConfigMap'), owns: ['Secret'], reconcile: () => undefined })\n`

test('operators of a push are judged: their module, whether it loads, and whether the pusher may give what it needs', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-judge-'))
  const repositories = new Repositories(join(folder, 'git'))
  await repositories.create('ops')
  const work = join(folder, 'work')
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', work, '-c', 'user.name=t', '-c', 'user.email=t@t', ...args], { encoding: 'utf8' }).trim()
  execFileSync('git', ['init', '--quiet', '--initial-branch=main', work])
  writeFileSync(join(work, 'good.ts'), operator)
  writeFileSync(join(work, 'asked.ts'), operator.replace('reconcile:', 'validate: () => [], reconcile:'))
  writeFileSync(join(work, 'bad.ts'), 'export default 3\n')
  git('add', '.')
  git('commit', '--quiet', '-m', 'x')
  git('push', '--quiet', repositories.pathOf('ops'), 'main')
  const commit = git('rev-parse', 'HEAD')
  const asked: unknown[] = []
  const pusher = (allowed: boolean) =>
    ({
      create: async (_: unknown, role: unknown) => {
        asked.push(role)
        if (!allowed) throw new StatusError(403, 'Forbidden', 'secrets are not yours to give')
      },
    }) as unknown as Client
  const problems = async (module: string, allowed = true) => {
    const packages = new Packages({ folder: join(folder, 'packages'), clock: systemClock })
    const options: JudgeOptions = { repositories, pusher: pusher(allowed), describeModule, packages, print: () => {} }
    return (await operatorProblems(options, applicationFor('ops'), commit, manifest(module))).map((p) => p.message)
  }
  assert.equal(await problems('good.ts'), [])
  assert.match(JSON.stringify(asked[0]), /"resources":\["secrets"\]/)
  assert.equal(await problems('none.ts'), ['op.yaml:6:3: Operator op: spec.module: the commit has no none.ts'])
  assert.match((await problems('bad.ts'))[0] ?? '', /^op\.yaml:6:3: .*bad\.ts exports no operator/)
  assert.match(
    (await problems('good.ts', false))[0] ?? '',
    /you may not give the rights that it needs: secrets are not yours to give/,
  )
  rmSync(folder, { recursive: true })
})

test.run()
