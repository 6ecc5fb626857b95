import { spawn } from 'node:child_process'
import { createWriteStream, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Result, resultsIn } from './report.ts'

export interface SuiteOptions {
  /** The e2e.test binary. */
  readonly program: string
  readonly kubeconfig: string
  readonly kubectl: string
  readonly nodes: number
  readonly contentType: string | undefined
  /** Ends the run: what has not begun does not begin. */
  readonly signal: AbortSignal
  /** Reports and logs are kept here. */
  readonly folder: string
}

/** Runs the specs that `focus` matches to their end. Its log is FOLDER/NAME.log. */
export async function runSuite(name: string, focus: string, options: SuiteOptions): Promise<Result[]> {
  if (options.signal.aborted) return []
  mkdirSync(options.folder, { recursive: true })
  const report = join(options.folder, `${name}.json`)
  const args = [
    `--kubeconfig=${options.kubeconfig}`,
    '--provider=skeleton',
    `--kubectl-path=${options.kubectl}`,
    `--num-nodes=${options.nodes}`,
    `--ginkgo.focus=${focus}`,
    '--ginkgo.timeout=12h',
    '--ginkgo.v',
    '--ginkgo.no-color',
    `--ginkgo.json-report=${report}`,
    '--disable-log-dump',
    '--dump-logs-on-failure=false',
    '--node-os-distro=debian',
    '--dns-domain=cluster.local',
    ...(options.contentType ? [`--kube-api-content-type=${options.contentType}`] : []),
  ]
  const code = await ended(options.program, args, join(options.folder, `${name}.log`), options.signal)
  if (existsSync(report)) return resultsIn(report)
  const message = `e2e.test ended with ${code} and no report: see ${join(options.folder, `${name}.log`)}`
  return [{ name: `the run ${name}`, state: 'failed', seconds: 0, message }]
}

function ended(program: string, args: readonly string[], log: string, signal: AbortSignal): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, KUBECONFIG: '' } })
    const stop = () => child.kill('SIGINT')
    signal.addEventListener('abort', stop, { once: true })
    const file = createWriteStream(log)
    child.stdout.pipe(file, { end: false })
    child.stderr.pipe(file, { end: false })
    child.once('error', reject)
    child.once('close', (code) => {
      signal.removeEventListener('abort', stop)
      file.end(() => resolve(code))
    })
  })
}
