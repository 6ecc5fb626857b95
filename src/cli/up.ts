import { parseArgs } from 'node:util'
import type Docker from 'dockerode'
import { aborted } from '../apimachinery/aborted.ts'
import { type ProxyMode, proxyModes } from '../network/proxy/choose.ts'
import { connectDocker } from '../nodes/docker-daemon.ts'
import { makeImages } from '../nodes/local-images/make.ts'
import { stderrLog } from '../operators/log.ts'
import { type ApiWishes, apiFlags, apiHelp, apiWishes } from './assembly/api/api-flags.ts'
import { runDemo } from './assembly/demo.ts'
import { claimMachine, DataDirectory, otherOnThisMachine } from './assembly/machine/data-directory.ts'
import { nodeAddresses } from './assembly/machine/node-addresses.ts'
import { checkPort, portOf } from './assembly/machine/port.ts'
import { stopSignal } from './assembly/machine/stop-signal.ts'
import { startSystem } from './assembly/system.ts'

const help = `slipway up: start everything in one process, until Ctrl-C

  --data DIR     the data directory; default $SLIPWAY_DATA or ~/.slipway
  --port N       of the API and the Git server; default 6443
  --nodes N      how many nodes on this machine's Docker; default 1
  --proxy MODE   what carries Services: nftables or iptables; default auto: nftables, or iptables where that can't be used
  --demo         make the repository "demo", push the bundled example to it, and wait until it is ready
  -o json        print what a program needs to know, once, as JSON
  -v, --verbose  log more
  --help-api     the flags of the API: who may ask, audit, encryption

Examples:
  slipway up --demo
  slipway up --nodes 2 --data /var/lib/slipway
`

/** `slipway up`: runs until SIGINT or SIGTERM. Containers go on running; the next start adopts them. */
export async function run(argv: string[]): Promise<number> {
  const { values } = parseArgs({
    args: argv,
    options: {
      data: { type: 'string' },
      port: { type: 'string', default: '6443' },
      nodes: { type: 'string', default: '1' },
      proxy: { type: 'string', default: 'auto' },
      demo: { type: 'boolean', default: false },
      output: { type: 'string', short: 'o' },
      verbose: { type: 'boolean', short: 'v', default: false },
      help: { type: 'boolean', short: 'h' },
      'help-api': { type: 'boolean' },
      ...apiFlags,
    },
  })
  if (values.help || values['help-api']) {
    process.stdout.write(values.help ? help : `slipway up: flags of the API, as those of kube-apiserver\n${apiHelp}`)
    return 0
  }
  const count = Number(values.nodes)
  if (!Number.isInteger(count) || count < 1 || count > 50)
    throw new Error(`--nodes ${values.nodes}: must be a number from 1 to 50`)
  const proxy = proxyModes.find((mode) => mode === values.proxy)
  if (!proxy) throw new Error(`--proxy ${values.proxy}: must be ${proxyModes.join(', ')}`)
  const port = portOf(values.port)
  const data = new DataDirectory(values.data)
  const running = data.running()
  if (running) {
    process.stderr.write(`slipway: process ${running.pid} runs on ${data.path} already, at ${running.server}\n`)
    return 1
  }
  const other = otherOnThisMachine()
  if (other) {
    process.stderr.write(
      `slipway: process ${other.pid} runs on this machine with ${other.data}; a machine has one pod network, so stop it first\n`,
    )
    return 1
  }
  data.make()
  await checkPort(port)
  claimMachine(data)
  const say = (line: string) => (values.output === 'json' ? process.stderr : process.stdout).write(`${line}\n`)
  return start(data, {
    port,
    count,
    proxy,
    demo: values.demo,
    json: values.output === 'json',
    verbose: values.verbose,
    api: await apiWishes(values),
    say,
  })
}

interface Wishes {
  readonly port: number
  readonly count: number
  readonly proxy: ProxyMode
  readonly demo: boolean
  readonly json: boolean
  readonly verbose: boolean
  readonly api: ApiWishes
  readonly say: (line: string) => void
}

/** What a shell expects of a program that an interrupt ended. */
const interrupted = 130

async function start(data: DataDirectory, wishes: Wishes): Promise<number> {
  const signal = stopSignal()
  try {
    return await serve(data, wishes, signal)
  } catch (error) {
    if (!signal.aborted) throw error
    wishes.say('stopped before it was ready')
    // What was begun goes on by itself otherwise; it can be left at any point.
    process.exit(interrupted)
  }
}

async function serve(data: DataDirectory, wishes: Wishes, signal: AbortSignal): Promise<number> {
  const { say } = wishes
  const began = performance.now()
  const docker = await dockerOnItsWay(data, say)
  const addresses = await nodeAddresses(wishes.count)
  const nodes = addresses.map((address, i) => ({ name: `node-${i + 1}`, address }))
  const log = stderrLog(wishes.verbose ? 'info' : 'error')
  const { port, proxy, api } = wishes
  const system = await startSystem({ data, port, proxy, api, nodes, docker: docker.ready, log, signal })
  const names = nodes.map((n) => n.name)
  data.note({ pid: process.pid, server: system.server, nodes: names, proxy: system.proxy, startedAt: new Date().toISOString() })
  await Promise.race([system.ready, aborted(signal)])
  if (!signal.aborted) {
    say(
      `ready at ${system.server} after ${((performance.now() - began) / 1000).toFixed(1)} s: ${nodes.map((n) => `${n.name} (${n.address})`).join(', ')}; Services by ${system.proxy}`,
    )
    const facts = { server: system.server, kubeconfig: data.kubeconfig, gitconfig: data.gitconfig, nodes, proxy: system.proxy }
    if (wishes.json) process.stdout.write(`${JSON.stringify(facts)}\n`)
    if (wishes.demo)
      await runDemo({ data, system, say, signal }).catch((error: unknown) =>
        say(`the demo failed: ${error instanceof Error ? error.message : error}`),
      )
    say(`\nkubectl:   export KUBECONFIG=${data.kubeconfig}`)
    say('stop:      Ctrl-C; `slipway down --purge` removes everything again')
  }
  await aborted(signal)
  say('stopping; containers go on running and are adopted at the next start')
  await system.closed()
  return 0
}

/**
 * The Docker daemon, with the images of pods. Resolves as soon as there is one or one of our own is starting, which takes seconds in which
 * the API can start too. Throws NoDocker when there can be none.
 */
async function dockerOnItsWay(data: DataDirectory, say: Wishes['say']): Promise<{ readonly ready: Promise<Docker> }> {
  const begun = Promise.withResolvers<void>()
  const connected = connectDocker({
    dataDir: data.file('docker'),
    say(line) {
      say(line)
      begun.resolve()
    },
  })
  const ready = connected.then(({ docker }) => withImages(docker, say))
  // Whoever awaits it is told.
  ready.catch(() => {})
  await Promise.race([connected, begun.promise])
  return { ready }
}

async function withImages(docker: Docker, say: Wishes['say']): Promise<Docker> {
  const made = await makeImages(docker).catch((error: Error) => {
    throw new Error(`the images of pods could not be made: ${error.message.trim()}`, { cause: error })
  })
  if (made.length > 0) say(`made the images ${made.join(', ')}`)
  return docker
}
