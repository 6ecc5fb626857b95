import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { gitServer } from '../../../src/sync/git/git-server.ts'
import { type Push, PushRefused } from '../../../src/sync/git/receive-pack.ts'
import { Repositories } from '../../../src/sync/git/repositories.ts'
import { filesOf } from '../../../src/sync/git/tree.ts'

interface World {
  folder: string
  repositories: Repositories
  server: Server
  url: string
  gate: { check: (push: Push) => Promise<void>; accepted: (push: Push) => Promise<void> }
  run: (...args: string[]) => Promise<{ status: number; stderr: string }>
}

const test = suite<World>('Git server')
const exec = promisify(execFile)

test.before.each(async (w) => {
  w.folder = mkdtempSync(join(tmpdir(), 'slipway-git-'))
  w.repositories = new Repositories(join(w.folder, 'repositories'))
  w.gate = { check: async () => {}, accepted: async () => {} }
  const handle = gitServer({
    repositories: w.repositories,
    authenticate: async (request) => (request.headers.authorization ? { name: 'alice', groups: [] } : undefined),
    authorize: async (_user, _verb, repository) => repository !== 'secret',
    gate: () => w.gate,
  })
  w.server = createServer((request, response) => void handle(request, response))
  await new Promise<void>((resolve) => w.server.listen(0, '127.0.0.1', resolve))
  w.url = `http://alice:token@127.0.0.1:${(w.server.address() as AddressInfo).port}/git`
  const work = join(w.folder, 'work')
  w.run = async (...args) => {
    const options = { cwd: work, env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C' } }
    try {
      const { stderr } = await exec('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], options)
      return { status: 0, stderr }
    } catch (error) {
      return { status: (error as { code: number }).code, stderr: (error as { stderr: string }).stderr }
    }
  }
  await exec('git', ['init', '-q', '-b', 'main', work])
  writeFileSync(join(work, 'web.yaml'), 'kind: ConfigMap\n')
  await w.run('add', '.')
  await w.run('commit', '-qm', 'first')
})

test.after.each((w) => {
  w.server.closeAllConnections()
  w.server.close()
  rmSync(w.folder, { recursive: true, force: true })
})

test('a push to a new repository makes it, and what was pushed is read back and cloned', async (w) => {
  assert.is((await w.run('push', '-q', `${w.url}/team/demo.git`, 'main')).status, 0)
  const commit = await w.repositories.resolve('team/demo', 'main')
  const files = await filesOf(w.repositories.pathOf('team/demo'), commit ?? '', '.')
  assert.equal(
    files.map((f) => f.path),
    ['web.yaml'],
  )
  assert.is(Buffer.from((await files[0]?.read()) ?? []).toString(), 'kind: ConfigMap\n')
  assert.is((await w.run('clone', '-q', `${w.url}/team/demo.git`, join(w.folder, 'clone'))).status, 0)
  assert.equal(w.repositories.list(), ['team/demo'])
})

test('the gate sees ref, commits and push options, and its lines reach the terminal behind `remote:`', async (w) => {
  let seen: Push | undefined
  w.gate.check = async (push) => {
    seen = push
    push.print('one to create')
  }
  w.gate.accepted = async (push) => push.print('all is ready')
  const { status, stderr } = await w.run('push', '-o', 'wait', '-o', 'x=1', `${w.url}/demo.git`, 'main')
  assert.is(status, 0)
  assert.match(stderr, /remote: one to create/)
  assert.match(stderr, /remote: all is ready/)
  assert.equal(seen?.options, ['wait', 'x=1'])
  assert.is(seen?.updates[0]?.ref, 'refs/heads/main')
})

test('a refused push exits non-zero with the reason, and moves no ref', async (w) => {
  w.gate.check = async () => {
    throw new PushRefused('web.yaml:1:1: no')
  }
  const { status, stderr } = await w.run('push', `${w.url}/demo.git`, 'main')
  assert.is(status, 1)
  assert.match(stderr, /remote rejected\] main -> main \(web\.yaml:1:1: no\)/)
  assert.equal(await w.repositories.refs('demo'), [])
  w.gate.check = async () => {}
  assert.is((await w.run('push', '-q', `${w.url}/demo.git`, 'main')).status, 0)
})

test('a branch is deleted, and a push that is not a fast-forward needs force', async (w) => {
  await w.run('push', '-q', `${w.url}/demo.git`, 'main', 'main:other')
  assert.is((await w.run('push', '-q', `${w.url}/demo.git`, ':other')).status, 0)
  assert.equal(
    (await w.repositories.refs('demo')).map((r) => r.name),
    ['refs/heads/main'],
  )
  await w.run('commit', '-q', '--amend', '-m', 'rewritten')
  assert.is((await w.run('push', '-q', `${w.url}/demo.git`, 'main')).status, 1)
  assert.is((await w.run('push', '-q', '--force', `${w.url}/demo.git`, 'main')).status, 0)
})

test('without credentials 401, without the right 403, outside the folder 400', async (w) => {
  const base = w.url.replace('alice:token@', '')
  const status = async (path: string, authorization?: string) =>
    (await fetch(`${base}${path}`, { headers: authorization ? { authorization } : {} })).status
  assert.is(await status('/demo.git/info/refs?service=git-upload-pack'), 401)
  assert.is(await status('/secret.git/info/refs?service=git-upload-pack', 'Basic YTpi'), 403)
  assert.is(await status('/demo.git/info/refs?service=git-upload-pack', 'Basic YTpi'), 404)
  assert.is(await status('/..%2f..%2fetc.git/info/refs?service=git-upload-pack', 'Basic YTpi'), 400)
})

test('symbolic links in a commit are never followed', async (w) => {
  await exec('ln', ['-s', '/etc/passwd', join(w.folder, 'work', 'link.yaml')])
  await w.run('add', '.')
  await w.run('commit', '-qm', 'link')
  await w.run('push', '-q', `${w.url}/demo.git`, 'main')
  const commit = (await w.repositories.resolve('demo', 'HEAD')) ?? ''
  assert.equal(
    (await filesOf(w.repositories.pathOf('demo'), commit, '.')).map((f) => f.path),
    ['web.yaml'],
  )
})

test.run()
