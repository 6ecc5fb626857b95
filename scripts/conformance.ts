// Runs the Kubernetes conformance suite against us and prints what passed: npm run conformance -- [FOCUS] [--class API …]
import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { startCluster } from './conformance/cluster.ts'
import { table } from './conformance/report.ts'
import { allTests, focusOf, selected, shares } from './conformance/select.ts'
import { runSuite, type SuiteOptions } from './conformance/suite.ts'

const help = `npm run conformance -- [FOCUS] [options]: the Kubernetes conformance suite against us

  FOCUS                 a regular expression: tests whose name matches; default all of the classes
  --class CLASS         API, API+CTRL, POD, POD-NET, …; may be given more than once
  --e2e-test FILE       the suite's binary; default $E2E_TEST or $LAB/bin/e2e.test (../shared/peers builds it)
  --kubectl FILE        default beside the suite's binary, else kubectl
  --kubeconfig FILE     another cluster, with real nodes; default: one of our own with API, controllers, scheduler and two nodes
                        that run no containers, enough for the classes API and API+CTRL
  --nodes N             how many nodes that cluster has, default 2
  --port N              of our own cluster, default 0: a free one
  --jobs N              processes side by side, default 2; tests marked [Serial] always run alone, afterwards
  --content-type TYPE   of the suite's requests; its default is protobuf
  --report DIR          logs and reports; default .slipway/conformance
`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    class: { type: 'string', multiple: true, default: [] },
    'e2e-test': { type: 'string' },
    kubectl: { type: 'string' },
    kubeconfig: { type: 'string' },
    nodes: { type: 'string', default: '2' },
    port: { type: 'string', default: '0' },
    jobs: { type: 'string', default: '2' },
    'content-type': { type: 'string' },
    report: { type: 'string', default: '.slipway/conformance' },
    help: { type: 'boolean', short: 'h', default: false },
  },
})

process.exitCode = await main()

async function main(): Promise<number> {
  const program = values['e2e-test'] ?? process.env.E2E_TEST ?? (process.env.LAB ? join(process.env.LAB, 'bin/e2e.test') : '')
  if (values.help || !existsSync(program)) {
    if (!values.help)
      process.stderr.write(`no e2e.test at '${program}': build it with ../shared/peers and say --e2e-test FILE\n\n`)
    process.stdout.write(help)
    return values.help ? 0 : 2
  }
  const tests = selected(allTests(), values.class, positionals[0])
  if (tests.length === 0) {
    process.stderr.write('no conformance test is chosen\n')
    return 2
  }
  const end = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => end.abort())
  const own = values.kubeconfig ? undefined : await startCluster(Number(values.port))
  const beside = join(dirname(program), 'kubectl')
  const options: SuiteOptions = {
    program,
    kubeconfig: own?.kubeconfig ?? resolve(values.kubeconfig ?? ''),
    kubectl: values.kubectl ?? (existsSync(beside) ? beside : 'kubectl'),
    nodes: own?.nodes ?? Number(values.nodes),
    contentType: values['content-type'],
    folder: resolve(values.report),
    signal: end.signal,
  }
  const { sideBySide, alone } = shares(tests, Number(values.jobs))
  process.stdout.write(`${tests.length} tests; logs in ${options.folder}\n`)
  const results = (await Promise.all(sideBySide.map((share, i) => runSuite(`share-${i}`, focusOf(share), options)))).flat()
  if (alone.length > 0) results.push(...(await runSuite('alone', focusOf(alone), options)))
  await own?.stop()
  process.stdout.write(`${table(results)}\n`)
  const missing = tests.length - results.filter((r) => tests.some((t) => t.name === r.name)).length
  if (missing > 0) process.stdout.write(`${missing} of the tests chosen did not run\n`)
  return missing === 0 && results.every((r) => r.state === 'passed') ? 0 : 1
}
