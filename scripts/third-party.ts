// Runs operators of others, unmodified, on clusters and compares what they make there: npm run third-party -- --help
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { Kubectl } from './third-party/kubectl.ts'
import { report } from './third-party/report.ts'
import { runScenario } from './third-party/run.ts'
import { scenarios } from './third-party/scenarios/index.ts'

const help = `npm run third-party -- --programs DIR --kubeconfig FILE [--kubeconfig FILE] [NAME…]

Runs each named operator's scenario (default: all that are built) on an API server, and, when a second kubeconfig is given, compares
objects, events and complaints of the two. The clusters should be fresh. Names: ${scenarios.map((s) => s.name).join(', ')}

  --programs DIR      where scripts/third-party/build put the programs
  --kubeconfig FILE   of an administrator; twice to compare
  --kubectl FILE      default kubectl
  --logs DIR          of the operators; default .slipway/third-party
  --port N            the first of ten free ports a cluster, default 26200
  --timeout SECONDS   for each thing that must come true, default 120
`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    programs: { type: 'string', default: '' },
    kubeconfig: { type: 'string', multiple: true, default: [] },
    kubectl: { type: 'string', default: 'kubectl' },
    logs: { type: 'string', default: '.slipway/third-party' },
    port: { type: 'string', default: '26200' },
    timeout: { type: 'string', default: '120' },
    help: { type: 'boolean', short: 'h', default: false },
  },
})
process.exitCode = await main()

async function main(): Promise<number> {
  const unknown = positionals.filter((name) => !scenarios.some((s) => s.name === name))
  const wrong = unknown.length > 0 ? `no such operator: ${unknown.join(', ')}` : ''
  const built = scenarios.filter((s) => existsSync(join(values.programs, 'src', s.name, 'module')))
  const missing = values.kubeconfig.length === 0 || built.length === 0 ? 'say --programs and --kubeconfig' : ''
  if (values.help || wrong || missing) {
    process.stdout.write(values.help ? help : `${wrong || missing}\n\n${help}`)
    return values.help ? 0 : 2
  }
  let sound = true
  for (const scenario of built.filter((s) => positionals.length === 0 || positionals.includes(s.name))) {
    const outcomes = await Promise.all(
      values.kubeconfig.slice(0, 2).map((kubeconfig, i) =>
        runScenario(scenario, new Kubectl(values.kubectl, resolve(kubeconfig)), {
          programs: resolve(values.programs),
          logs: join(values.logs, String(i + 1)),
          port: Number(values.port) + 10 * i,
          timeoutSeconds: Number(values.timeout),
        }),
      ),
    )
    const { text, ok } = report(scenario, outcomes)
    console.log(text)
    sound &&= ok
  }
  return sound ? 0 : 1
}
