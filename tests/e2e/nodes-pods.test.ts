import { readdir } from 'node:fs/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ConfigMap, ContainerStatus, Pod, Secret } from '../../src/apimachinery/kinds.generated.ts'
import { configmaps, events, pods, secrets } from '../../src/apimachinery/resources.generated.ts'
import { label } from '../../src/nodes/docker/labels.ts'
import { mountsUnder } from '../../src/nodes/volumes/mount-table.ts'
import { type Harness, startHarness } from './node-harness.ts'

let h: Harness
const namespace = 'default'
const busybox = 'busybox:1.36'
const sh = (script: string, more: object = {}) => ({ name: 'main', image: busybox, command: ['sh', '-c', script], ...more })
const phase = (wanted: string) => (p: Pod | undefined) => p?.status?.phase === wanted
const main = (p: Pod | undefined): ContainerStatus | undefined => p?.status?.containerStatuses?.find((c) => c.name === 'main')
const isReady = (p: Pod | undefined) => p?.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') ?? false
const waitsFor = (reason: string) => (p: Pod | undefined) => main(p)?.state?.waiting?.reason === reason
const reasonsOf = async (name: string) =>
  (await h.client.list(events, { namespace, fieldSelector: `involvedObject.name=${name}` })).items.map(
    (e) => `${e.reason}: ${e.message}`,
  )

async function logOf(name: string): Promise<string> {
  const found = await h.docker.listContainers({
    all: true,
    filters: { label: [`${label.podName}=${name}`, `${label.container}=main`] },
  })
  const frames = (await h.docker
    .getContainer(found[0]?.Id ?? '')
    .logs({ stdout: true, stderr: true, follow: false })) as unknown as Buffer
  let text = ''
  for (let at = 0; at + 8 <= frames.length; at += 8 + frames.readUInt32BE(at + 4))
    text += frames.toString('utf8', at + 8, at + 8 + frames.readUInt32BE(at + 4))
  return text
}

test.before(async () => {
  h = await startHarness()
})
test.after(async () => {
  const before = h.dataDir
  await h.end()
  assert.equal(await mountsUnder(before), [])
})

test('a pod runs within two seconds, becomes ready, and is gone without a trace when deleted', async () => {
  const begun = performance.now()
  await h.create('web', {
    containers: [
      {
        name: 'main',
        image: 'slipway/demo-web:1',
        ports: [{ containerPort: 80, name: 'http' }],
        readinessProbe: { httpGet: { port: 'http', path: '/healthz' } },
      },
    ],
  })
  const running = await h.until('web', phase('Running'))
  assert.ok(performance.now() - begun < 2000, `${performance.now() - begun} ms`)
  await h.until('web', isReady)
  const page = await (await fetch(`http://${running.status?.podIP}/`)).text()
  assert.is(page, 'Hello from web, version 1\n')
  await h.client.delete(pods, 'web', { namespace })
  await h.until('web', (p) => p === undefined)
  assert.equal(await h.docker.listContainers({ all: true, filters: { label: [`${label.podUid}=${running.metadata.uid}`] } }), [])
  assert.not.ok((await readdir(`${h.dataDir}/pods`)).includes(running.metadata.uid ?? ''))
  const told = await reasonsOf('web')
  for (const reason of ['Pulled', 'Created', 'Started', 'Killing'])
    assert.ok(
      told.some((t) => t.startsWith(`${reason}:`)),
      reason,
    )
})

test('a container that ends well succeeds, with its exit code, times and message', async () => {
  await h.create('done', { restartPolicy: 'Never', containers: [sh('echo bye > /dev/termination-log')] })
  const state = main(await h.until('done', phase('Succeeded')))?.state?.terminated
  assert.is(state?.reason, 'Completed')
  assert.is(state?.message, 'bye\n')
  assert.is(state?.exitCode, 0)
})

test('a failing container is restarted at once, then waits in CrashLoopBackOff, and keeps its last state', async () => {
  await h.create('crash', { containers: [sh('echo oops; exit 3', { terminationMessagePolicy: 'FallbackToLogsOnError' })] })
  const status = main(await h.until('crash', waitsFor('CrashLoopBackOff')))
  assert.is(status?.restartCount, 1)
  assert.match(status?.state?.waiting?.message ?? '', /^back-off 10s restarting failed container=main pod=crash_default\(/)
  assert.is(status?.lastState?.terminated?.exitCode, 3)
  assert.is(status?.lastState?.terminated?.message, 'oops\n')
  await h.client.delete(pods, 'crash', { namespace })
})

test('images that cannot be had are told with the real reasons', async () => {
  const image = (name: string, image: string, more: object = {}) =>
    h.create(name, { containers: [{ name: 'main', image, ...more }] })
  await Promise.all([
    image('nopull', 'none.invalid/x:1'),
    image('never', 'slipway/none:1', { imagePullPolicy: 'Never' }),
    image('badname', 'UPPER//x'),
  ])
  const pull = main(await h.until('nopull', waitsFor('ImagePullBackOff')))
  assert.match(pull?.state?.waiting?.message ?? '', /^Back-off pulling image "none.invalid\/x:1"/)
  await h.until('never', waitsFor('ErrImageNeverPull'))
  await h.until('badname', waitsFor('InvalidImageName'))
  const told = await reasonsOf('nopull')
  assert.ok(told.includes('Failed: Error: ErrImagePull'), told.join('\n'))
  for (const name of ['nopull', 'never', 'badname']) await h.client.delete(pods, name, { namespace })
  for (const name of ['nopull', 'never', 'badname']) await h.until(name, (p) => p === undefined)
})

test('a local image serves an Always pull whose registry cannot be reached', async () => {
  await h.create('always', { restartPolicy: 'Never', containers: [sh('true', { imagePullPolicy: 'Always' })] })
  await h.until('always', phase('Succeeded'))
})

test('a program that is not there is a StartError', async () => {
  await h.create('nostart', { restartPolicy: 'Never', containers: [{ name: 'main', image: busybox, command: ['/none'] }] })
  const state = main(await h.until('nostart', phase('Failed')))?.state?.terminated
  assert.is(state?.reason, 'StartError')
  assert.is(state?.exitCode, 128)
  assert.match(state?.message ?? '', /no such file/)
})

test('a container beyond its memory limit is OOMKilled', async () => {
  const limits = { memory: '16Mi' }
  await h.create('oom', { restartPolicy: 'Never', containers: [sh('tail /dev/zero', { resources: { limits } })] })
  assert.is(main(await h.until('oom', phase('Failed')))?.state?.terminated?.reason, 'OOMKilled')
})

test('environment, arguments, files, host names and service account come as the spec says', async () => {
  await h.client.create(configmaps, { metadata: { name: 'cfg', namespace }, data: { a: '1', file: 'text' } } as ConfigMap)
  await h.client.create(secrets, {
    metadata: { name: 'sec', namespace },
    data: { pw: Buffer.from('geheim').toString('base64') },
  } as Secret)
  const env = [
    { name: 'A', value: 'x' },
    { name: 'B', value: '$(A)y $$(A) $(NONE)' },
    { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
    { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1m' } } },
    { name: 'CM', valueFrom: { configMapKeyRef: { name: 'cfg', key: 'a' } } },
    { name: 'PW', valueFrom: { secretKeyRef: { name: 'sec', key: 'pw' } } },
  ]
  const script =
    'echo "$A|$B|$POD|$CPU|$CM|$PW|$P_a|$0"; cat /etc/cfg/sub /etc/sec/pw /etc/down/labels; echo; stat -c "%a %g" /etc/sec/pw -L; hostname; grep -c alias.example /etc/hosts; cat /etc/resolv.conf; stat -c "%a %g" /data; id -u; id -G; mount | grep -c "tmpfs on /mem"; cat /once'
  await h.create(
    'rich',
    {
      restartPolicy: 'Never',
      hostname: 'myhost',
      subdomain: 'sub',
      hostAliases: [{ ip: '1.2.3.4', hostnames: ['alias.example'] }],
      securityContext: { runAsUser: 1000, runAsGroup: 1000, fsGroup: 2000, supplementalGroups: [3000] },
      containers: [
        {
          name: 'main',
          image: busybox,
          command: ['sh', '-c', script],
          args: ['$(A)-arg'],
          env,
          envFrom: [{ prefix: 'P_', configMapRef: { name: 'cfg' } }],
          resources: { limits: { cpu: '250m', memory: '64Mi' } },
          volumeMounts: [
            { name: 'cfg', mountPath: '/etc/cfg' },
            { name: 'sec', mountPath: '/etc/sec' },
            { name: 'down', mountPath: '/etc/down' },
            { name: 'data', mountPath: '/data' },
            { name: 'mem', mountPath: '/mem' },
            { name: 'cfg2', mountPath: '/once', subPath: 'file' },
          ],
        },
      ],
      volumes: [
        { name: 'cfg', configMap: { name: 'cfg', items: [{ key: 'file', path: 'sub' }] } },
        { name: 'cfg2', configMap: { name: 'cfg' } },
        { name: 'sec', projected: { sources: [{ secret: { name: 'sec' } }], defaultMode: 0o400 } },
        { name: 'down', downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
        { name: 'data', emptyDir: {} },
        { name: 'mem', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
      ],
    },
    { labels: { l: 'v' } },
  )
  const end = await h.until('rich', (p) => phase('Succeeded')(p) || phase('Failed')(p))
  const text = await logOf('rich')
  assert.is(main(end)?.state?.terminated?.exitCode, 0, text)
  const lines = text.split('\n')
  assert.is(lines[0], 'x|xy $(A) $(NONE)|rich|250|1|geheim|1|x-arg')
  assert.is(lines[1], 'textgeheiml="v"')
  assert.equal(lines.slice(2, 5), ['440 2000', 'myhost', '1'])
  assert.match(text, /search default\.svc\.cluster\.local svc\.cluster\.local cluster\.local/)
  assert.match(text, /nameserver 10\.43\.0\.10\n/)
  assert.match(text, /\n2777 2000\n1000\n1000 2000 3000\n1\ntext$/)
})

test('what is missing is named, and the pod goes on by itself once it is there', async () => {
  await h.create('late', {
    restartPolicy: 'Never',
    containers: [sh('test "$K" = v', { env: [{ name: 'K', valueFrom: { configMapKeyRef: { name: 'later', key: 'k' } } }] })],
  })
  const status = main(await h.until('late', waitsFor('CreateContainerConfigError')))
  assert.is(status?.state?.waiting?.message, 'configmap "later" not found')
  await h.client.create(configmaps, { metadata: { name: 'later', namespace }, data: { k: 'v' } } as ConfigMap)
  await h.until('late', phase('Succeeded'), 5)
})

test('a changed ConfigMap reaches running containers, all files at once', async () => {
  await h.client.create(configmaps, { metadata: { name: 'live', namespace }, data: { k: 'old' } } as ConfigMap)
  await h.create('live', {
    restartPolicy: 'Never',
    containers: [sh('until grep -q new /c/k; do sleep 0.1; done', { volumeMounts: [{ name: 'c', mountPath: '/c' }] })],
    volumes: [{ name: 'c', configMap: { name: 'live' } }],
  })
  await h.until('live', phase('Running'))
  await h.client.patch(configmaps, 'live', { type: 'merge', body: { data: { k: 'new' } } }, { namespace })
  await h.until('live', phase('Succeeded'), 10)
})

test('init containers, a sidecar and hooks run in their order', async () => {
  const mounts = [{ name: 'd', mountPath: '/d' }]
  const step = (name: string, script: string, more: object = {}) => ({
    name,
    image: busybox,
    command: ['sh', '-c', script],
    volumeMounts: mounts,
    ...more,
  })
  await h.create('order', {
    restartPolicy: 'Never',
    initContainers: [
      step('i1', 'echo i1 >> /d/log'),
      step('side', 'echo side >> /d/log; trap "exit 0" TERM; while :; do sleep 0.1; done', { restartPolicy: 'Always' }),
      step('i2', 'echo i2 >> /d/log'),
    ],
    containers: [
      step('main', 'sleep 1; cat /d/log', {
        lifecycle: { postStart: { exec: { command: ['sh', '-c', 'echo post >> /d/log'] } } },
      }),
    ],
    volumes: [{ name: 'd', emptyDir: {} }],
  })
  const end = await h.until('order', phase('Succeeded'))
  assert.is(await logOf('order'), 'i1\nside\ni2\npost\n')
  assert.ok(end.status?.initContainerStatuses?.every((s) => s.state?.terminated))
})

test('a liveness probe restarts, a startup probe holds the others back, readiness follows its probe', async () => {
  await h.create('live-probe', {
    terminationGracePeriodSeconds: 1,
    containers: [
      sh('touch /ok; sleep 1000', {
        livenessProbe: { exec: { command: ['test', '!', '-e', '/bad'] }, periodSeconds: 1, failureThreshold: 1 },
        lifecycle: { postStart: { exec: { command: ['sh', '-c', 'sleep 1; touch /bad'] } } },
      }),
    ],
  })
  await h.create('start-probe', {
    containers: [
      sh('sleep 2; touch /up; sleep 1000', {
        startupProbe: { exec: { command: ['test', '-e', '/up'] }, periodSeconds: 1, failureThreshold: 10 },
        readinessProbe: { exec: { command: ['test', '-e', '/up'] }, periodSeconds: 1 },
      }),
    ],
  })
  const early = await h.until('start-probe', phase('Running'))
  assert.is(main(early)?.started, false)
  assert.is(isReady(early), false)
  await h.until('start-probe', isReady)
  await h.until('live-probe', (p) => (main(p)?.restartCount ?? 0) >= 1)
  assert.ok((await reasonsOf('live-probe')).some((r) => r.startsWith('Unhealthy: Liveness probe failed')))
  assert.ok((await reasonsOf('live-probe')).includes('Killing: Container main failed liveness probe, will be restarted'))
  for (const name of ['live-probe', 'start-probe']) await h.client.delete(pods, name, { namespace, gracePeriodSeconds: 0 })
})

test('deletion runs preStop, sends SIGTERM, and kills what does not heed it at the end of its grace', async () => {
  await h.create('grace', {
    terminationGracePeriodSeconds: 2,
    containers: [
      sh('trap "" TERM; while :; do sleep 0.2; done', {
        lifecycle: { preStop: { exec: { command: ['sh', '-c', 'echo pre > /proc/1/fd/1'] } } },
      }),
    ],
  })
  await h.until('grace', phase('Running'))
  const begun = performance.now()
  await h.client.delete(pods, 'grace', { namespace })
  await h.until('grace', (p) => p === undefined)
  const took = performance.now() - begun
  assert.ok(took > 1800 && took < 4000, `${took} ms`)
})

test('limits are changed in place', async () => {
  const resources = (cpu: string, memory: string) => ({ limits: { cpu, memory }, requests: { cpu, memory } })
  await h.create('resize', {
    terminationGracePeriodSeconds: 0,
    containers: [sh('sleep 1000', { resources: resources('100m', '32Mi') })],
  })
  const before = await h.until('resize', phase('Running'))
  const body = { spec: { containers: [{ name: 'main', resources: resources('200m', '64Mi') }] } }
  await h.client.patch(pods, 'resize', { type: 'strategic', body }, { namespace, subresource: 'resize' })
  const after = await h.until('resize', (p) => main(p)?.resources?.limits?.memory === '64Mi')
  const info = await h.docker.getContainer(main(after)?.containerID?.replace('docker://', '') ?? '').inspect()
  assert.equal([info.HostConfig.Memory, info.HostConfig.CpuQuota], [64 * 2 ** 20, 20_000])
  assert.is(main(after)?.containerID, main(before)?.containerID)
  await h.client.delete(pods, 'resize', { namespace })
})

test('a pod past its deadline fails', async () => {
  await h.create('deadline', { activeDeadlineSeconds: 1, terminationGracePeriodSeconds: 0, containers: [sh('sleep 1000')] })
  const end = await h.until('deadline', phase('Failed'))
  assert.is(end.status?.reason, 'DeadlineExceeded')
})

test('pods of one node reach each other, and share what they are told to share', async () => {
  await h.create('server', { containers: [{ name: 'main', image: 'slipway/demo-web:2' }] })
  const server = await h.until('server', phase('Running'))
  await h.create('client', {
    restartPolicy: 'Never',
    shareProcessNamespace: true,
    containers: [sh(`wget -qO- http://${server.status?.podIP}/ && cat /proc/1/comm`)],
  })
  await h.until('client', phase('Succeeded'))
  assert.match(await logOf('client'), /^Hello from server, version 2\npause\n$/)
})

test('a restarted agent adopts what runs and restarts nothing', async () => {
  await h.create('stay', {
    containers: [{ name: 'main', image: 'slipway/demo-web:1', readinessProbe: { httpGet: { port: 80, path: '/healthz' } } }],
  })
  const before = await h.until('stay', isReady)
  await h.create('orphan', { containers: [sh('sleep 1000')] })
  const orphan = await h.until('orphan', phase('Running'))
  await h.restartAgent()
  await h.create('after', { restartPolicy: 'Never', containers: [sh('true')] })
  await h.until('after', phase('Succeeded'))
  const after = await h.client.get(pods, 'stay', { namespace })
  assert.is(main(after)?.containerID, main(before)?.containerID)
  assert.is(main(after)?.restartCount, 0)
  assert.ok(isReady(after))
  assert.is(main(await h.client.get(pods, 'orphan', { namespace }))?.containerID, main(orphan)?.containerID)
})

test('a killed container is restarted, a killed sandbox replaced', async () => {
  await h.create('kill', { terminationGracePeriodSeconds: 0, containers: [sh('sleep 1000')] })
  const first = await h.until('kill', phase('Running'))
  await h.docker.getContainer(main(first)?.containerID?.replace('docker://', '') ?? '').kill()
  await h.until('kill', (p) => main(p)?.restartCount === 1 && main(p)?.state?.running !== undefined)
  const [sandbox] = await h.docker.listContainers({ filters: { label: [`${label.podName}=kill`, `${label.role}=sandbox`] } })
  await h.docker.getContainer(sandbox?.Id ?? '').kill()
  await h.until('kill', (p) => (main(p)?.restartCount ?? 0) === 2 && main(p)?.state?.running !== undefined, 30)
})

test.run()
