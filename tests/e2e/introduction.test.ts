import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Cluster, eventually, freePort, kubectlPath, run, startCluster } from './cluster.ts'

/** The session of a Kubernetes introduction, in its order: each test goes on where the one before ended. */
const test = suite('a Kubernetes introduction with kubectl')
let c: Cluster

test.before(async () => {
  c = await startCluster({ nodes: 2 })
})
test.after(() => c?.remove())

const image = 'slipway/demo-web:1'
const page = (url: string): Promise<string> =>
  new Promise((resolve, reject) => {
    get(url, { timeout: 5000, agent: false }, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => (text += chunk)).on('end', () => resolve(text))
    })
      .on('error', reject)
      .on('timeout', function (this: { destroy(e: Error): void }) {
        this.destroy(new Error('no answer within 5 s'))
      })
  })
const podNames = async (): Promise<string[]> => {
  const { items } = await c.json<{
    items: { metadata: { name: string; deletionTimestamp?: string }; status: { phase: string } }[]
  }>('get', 'pods', '-l', 'app=web')
  return items.filter((pod) => !pod.metadata.deletionTimestamp && pod.status.phase === 'Running').map((pod) => pod.metadata.name)
}

test('get nodes: both are Ready with version and address', async () => {
  const out = await c.kubectl('get', 'nodes', '-o', 'wide')
  assert.match(out, /node-1 +Ready +.*v1\.36/)
  assert.match(out, /node-2 +Ready/)
})

test('create, scale and expose a deployment; get shows it', async () => {
  await c.kubectl('create', 'deployment', 'web', `--image=${image}`, '--port=80')
  await c.kubectl('scale', 'deployment/web', '--replicas=3')
  await c.kubectl('wait', '--for=condition=Available', 'deployment/web', '--timeout=60s')
  await c.kubectl('rollout', 'status', 'deployment/web', '--timeout=60s')
  await c.kubectl('expose', 'deployment', 'web', '--type=NodePort', '--port=80')
  assert.match(await c.kubectl('get', 'deployments'), /web +3\/3 +3 +3/)
  assert.match(await c.kubectl('get', 'services'), /web +NodePort +10\.43\.\d+\.\d+ +<none> +80:3\d{4}\/TCP/)
  assert.match(await c.kubectl('get', 'pods', '--all-namespaces'), /default +web-[a-z0-9]+-[a-z0-9]+ +1\/1 +Running/)
})

test('the node port answers on this machine, and over all pods', async () => {
  const service = await c.json<{ spec: { ports: { nodePort: number }[] } }>('get', 'service', 'web')
  const url = `http://127.0.0.1:${service.spec.ports[0]?.nodePort}/cgi-bin/index.cgi`
  await eventually('every pod answers', async () => {
    const answers = await Promise.all(Array.from({ length: 12 }, () => page(url)))
    return new Set(answers.map((a) => /Hello from (\S+),/.exec(a)?.[1])).size === 3
  })
})

/** Asks a web server from inside a pod. (Debian's static busybox crashes when wget has a time-out, -T.) */
const askFrom = (pod: string, url: string): Promise<string> => c.kubectl('exec', pod, '--', 'wget', '-qO-', url)

test('the cluster IP answers a pod that asks for its DNS name, short or long', async () => {
  const [pod = ''] = await podNames()
  const address = await c.kubectl('get', 'service', 'web', '-o', 'jsonpath={.spec.clusterIP}')
  for (const name of ['web', 'web.default', 'web.default.svc.cluster.local'])
    assert.is(await eventually('the name is known', () => askFrom(pod, `http://${name}/healthz`), 20), 'ok\n')
  assert.is(await askFrom(pod, `http://${address}/healthz`), 'ok\n')
  assert.match(await c.kubectl('exec', pod, '--', 'nslookup', 'web.default.svc.cluster.local'), address)
})

test('describe pod tells its events', async () => {
  const [pod = ''] = await podNames()
  const out = await c.kubectl('describe', 'pod', pod)
  assert.match(out, /Normal +Scheduled .*Successfully assigned default\/web-/)
  assert.match(out, /Normal +Started /)
  assert.match(out, /QoS Class: +BestEffort/)
})

test('logs, and logs -f shows what comes', async () => {
  const [pod = ''] = await podNames()
  assert.match(await c.kubectl('logs', pod), /demo-web version 1/)
  const follow = spawn(kubectlPath(), ['--kubeconfig', c.kubeconfig, 'logs', '-f', pod, '--tail=0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const first = once(follow.stdout, 'data', { signal: AbortSignal.timeout(20_000) })
  const asking = eventually('a request is logged', async () => {
    await askFrom(pod, 'http://127.0.0.1/no-such-page').catch(() => {})
    return Promise.race([first.then(() => true), new Promise<undefined>((go) => setTimeout(() => go(undefined), 300))])
  })
  await asking
  follow.kill()
  assert.ok((await first).toString().length > 0)
})

test('exec -it gives a terminal of the size of ours, and the exit code', async () => {
  const [pod = ''] = await podNames()
  const exec = `stty rows 33 cols 99; ${kubectlPath()} exec -it ${pod} -- sh; echo code $?`
  // script(1) runs it in a pseudo-terminal.
  const env = { ...process.env, KUBECONFIG: c.kubeconfig }
  const terminal = spawn('script', ['-qc', exec, '/dev/null'], { env, stdio: ['pipe', 'pipe', 'inherit'] })
  let screen = ''
  terminal.stdout.setEncoding('utf8').on('data', (piece: string) => (screen += piece))
  await eventually('a prompt is shown', async () => /[#$] /.test(screen), 20)
  terminal.stdin.write('tty; stty size; exit 5\n')
  await once(terminal, 'close', { signal: AbortSignal.timeout(20_000) })
  assert.match(screen, /\/dev\/pts\/\d+\r\n33 99\r\n/)
  assert.match(screen, /code 5/)
})

test('exec -i runs a shell, with exit code and input', async () => {
  const [pod = ''] = await podNames()
  const shell = await c.tryKubectl(['exec', '-i', pod, '--', 'sh'], { input: 'echo hello $((6*7)); exit 3\n' })
  assert.is(shell.stdout.trim(), 'hello 42')
  assert.is(shell.status, 3)
})

test('port-forward reaches a pod', async () => {
  const [pod = ''] = await podNames()
  const port = await freePort()
  const forward = spawn(kubectlPath(), ['--kubeconfig', c.kubeconfig, 'port-forward', pod, `${port}:80`], { stdio: 'ignore' })
  const answer = await eventually('the forwarded port answers', () => page(`http://127.0.0.1:${port}/healthz`), 20).finally(() =>
    forward.kill(),
  )
  assert.is(answer.trim(), 'ok')
})

test('cp brings a file into a pod and back', async () => {
  const [pod = ''] = await podNames()
  const folder = mkdtempSync(join(c.folder, 'cp-'))
  writeFileSync(join(folder, 'in.txt'), 'there and back')
  await c.kubectl('cp', join(folder, 'in.txt'), `${pod}:/tmp/x.txt`)
  await c.kubectl('cp', `${pod}:/tmp/x.txt`, join(folder, 'out.txt'))
  assert.is(readFileSync(join(folder, 'out.txt'), 'utf8'), 'there and back')
})

test('set image rolls out; rollout undo brings the old one back', async () => {
  await c.kubectl('set', 'image', 'deployment/web', 'demo-web=slipway/demo-web:2')
  await c.kubectl('rollout', 'status', 'deployment/web', '--timeout=90s')
  const imageOf = () => c.kubectl('get', 'deployment', 'web', '-o', 'jsonpath={.spec.template.spec.containers[0].image}')
  assert.is(await imageOf(), 'slipway/demo-web:2')
  assert.match(await c.kubectl('rollout', 'history', 'deployment/web'), /\n1 +.*\n2 /)
  await c.kubectl('rollout', 'undo', 'deployment/web')
  await c.kubectl('rollout', 'status', 'deployment/web', '--timeout=90s')
  assert.is(await imageOf(), image)
})

test('apply, diff, edit and delete', async () => {
  const file = join(c.folder, 'settings.yaml')
  const settings = (mode: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {mode: ${mode}}\n`
  writeFileSync(file, settings('a'))
  assert.match(await c.kubectl('apply', '-f', file), /configmap\/settings created/)
  assert.match(await c.kubectl('apply', '-f', file), /configmap\/settings unchanged/)
  writeFileSync(file, settings('b'))
  const diff = await c.tryKubectl(['diff', '-f', file])
  assert.is(diff.status, 1, diff.stderr)
  assert.match(diff.stdout, /-\s+mode: a\n\+\s+mode: b/)
  const env = { ...process.env, KUBECONFIG: c.kubeconfig, KUBE_EDITOR: 'sed -i s/mode:.*/mode:\\ edited/' }
  const edited = await run(kubectlPath(), ['edit', 'configmap', 'settings'], { env })
  assert.match(edited.stdout, /configmap\/settings edited/)
  assert.is(await c.kubectl('get', 'configmap', 'settings', '-o', 'jsonpath={.data.mode}'), 'edited')
  assert.match(await c.kubectl('delete', '-f', file), /configmap "settings" deleted/)
})

test('explain, api-resources, config view, auth can-i', async () => {
  assert.match(await c.kubectl('explain', 'deployment.spec'), /replicas\s+<integer>[\s\S]*Number of desired pods/)
  assert.match(await c.kubectl('api-resources'), /deployments +deploy +apps\/v1 +true +Deployment/)
  assert.match(await c.kubectl('config', 'view'), new RegExp(`server: ${c.server}`))
  assert.is((await c.kubectl('auth', 'can-i', 'create', 'deployments')).trim(), 'yes')
  const no = await c.tryKubectl(['auth', 'can-i', 'create', 'deployments', '--as=somebody'])
  assert.is(no.stdout.trim(), 'no')
})

test('a killed container is started again', async () => {
  const [pod = ''] = await podNames()
  const restarts = async () =>
    Number(await c.kubectl('get', 'pod', pod, '-o', 'jsonpath={.status.containerStatuses[0].restartCount}'))
  const before = await restarts()
  await c.tryKubectl(['exec', pod, '--', 'sh', '-c', 'kill 1'])
  await eventually('the restart is counted', async () => (await restarts()) > before)
  await c.kubectl('wait', '--for=condition=Ready', `pod/${pod}`, '--timeout=60s')
})

test('a deleted pod is replaced', async () => {
  const [pod = ''] = await podNames()
  await c.kubectl('delete', 'pod', pod)
  await c.kubectl('wait', '--for=jsonpath={.status.readyReplicas}=3', 'deployment/web', '--timeout=60s')
  assert.not((await podNames()).includes(pod))
})

test('a drained node has no pods of ours left, and the others carry on', async () => {
  await c.kubectl('drain', 'node-2', '--ignore-daemonsets', '--delete-emptydir-data', '--timeout=90s')
  await c.kubectl('wait', '--for=jsonpath={.status.readyReplicas}=3', 'deployment/web', '--timeout=60s')
  const nodes = await c.kubectl('get', 'pods', '-l', 'app=web', '-o', 'jsonpath={.items[*].spec.nodeName}')
  assert.equal([...new Set(nodes.split(' '))], ['node-1'])
  await c.kubectl('uncordon', 'node-2')
})

test.run()
