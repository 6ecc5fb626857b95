import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'
import { type ApiServerProcess, startApiServer } from '../cli/apiserver-process.ts'
import { type Case, expectedAnswers, openCases } from '../parity/case.ts'
import { compared, type Difference } from '../parity/compare.ts'
import { Requests } from '../parity/requests.ts'
import { runCase } from '../parity/run.ts'

/** The recorded requests are answered as kube-apiserver 1.36 answered them, all but a few steps of an area. */
const test = suite('parity with kube-apiserver')
const atOnce = 8
const shownAtMost = 20
/** As the recordings' user is known. */
const user = 'token,admin,admin,"system:masters"'

/** Steps that may differ, by area; none in others. */
const mayDiffer: ReadonlyMap<string, number> = new Map([
  ['apply', 1],
  // A default's error is told once more in kube-apiserver's message.
  ['validation', 1],
])

const folder = mkdtempSync(join(tmpdir(), 'slipway-parity-'))
const expected = expectedAnswers()
const areas = Map.groupBy(openCases(), (c) => c.area)
let server: ApiServerProcess
let requests: Requests

test.before(async () => {
  const tokens = join(folder, 'tokens.csv')
  writeFileSync(tokens, `${user}\n`)
  // The server that was recorded had it off, and so wrote no status of FlowSchemas.
  const fairness = '--enable-priority-and-fairness=false'
  const flags = ['--service-cidr', '10.43.0.0/16', '--token-auth-file', tokens, fairness]
  server = await startApiServer(join(folder, 'data'), flags)
  const { clusters } = parse(readFileSync(server.kubeconfig, 'utf8'))
  const ca = Buffer.from(clusters[0].cluster['certificate-authority-data'], 'base64')
  requests = new Requests({ server: server.server, ca, token: 'token' })
})

test.after(async () => {
  requests.close()
  await server.kill()
  rmSync(folder, { recursive: true, force: true })
})

/** The steps of a case whose answers differ, each with how. */
async function differing(one: Case): Promise<string[]> {
  const answers = await runCase(requests, one)
  return (expected.get(one.name) ?? []).flatMap((wanted, i) => {
    const step = one.steps[i]
    if (!wanted || !step || step.judge === false) return []
    const { differences, wrongMessages } = compared(wanted, answers[i], step)
    const all = [...differences, ...wrongMessages]
    return all.length === 0 ? [] : [`${one.name} step ${i}: ${step.method ?? 'GET'} ${step.path}: ${all.map(shown).join('; ')}`]
  })
}

const short = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 300)
const shown = ({ path, wanted, got }: Difference): string => `${path} is ${short(got)} and not ${short(wanted)}`

for (const [area, cases] of areas) {
  test(area, async () => {
    const left = cases.filter((c) => expected.has(c.name))
    assert.ok(left.length > 0)
    const found: string[] = []
    const work = async () => {
      for (let next = left.shift(); next; next = left.shift()) found.push(...(await differing(next)))
    }
    await Promise.all(Array.from({ length: atOnce }, work))
    const allowed = mayDiffer.get(area) ?? 0
    assert.ok(found.length <= allowed, `${found.length} steps differ:\n${found.slice(0, shownAtMost).join('\n')}`)
  })
}

test.run()
