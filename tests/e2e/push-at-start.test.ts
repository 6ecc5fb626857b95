import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Cluster, eventually, type Outcome, type Repository, startCluster } from './cluster.ts'

const test = suite('git push while Slipway starts')
let c: Cluster
let repository: Repository

const definition = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: notes.example.org }
spec:
  group: example.org
  names: { kind: Note, plural: notes }
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema: { openAPIV3Schema: { type: object, properties: { spec: { type: object, properties: { text: { type: string } } } } } }
`
const note = (text: string) => `apiVersion: example.org/v1\nkind: Note\nmetadata: { name: note }\nspec: { text: ${text} }\n`
const web = (replicas: number) => `apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: 'slipway/demo-web:1' }] }
`

test.before(async () => {
  c = await startCluster()
  repository = await c.repository('early')
  repository.write('definition.yaml', definition)
  repository.write('note.yaml', note('one'))
  repository.write('web.yaml', web(1))
  const push = await repository.push('-o', 'wait')
  // uvu does not show what a `before` throws.
  if (push.status !== 0) console.error(push.stderr)
  assert.is(push.status, 0)
})
test.after(() => c?.remove())

/** Pushes until the server takes it. Answers the refusals, and what the one that succeeded said. */
async function pushUntilTaken(...options: string[]): Promise<{ refused: Outcome[]; taken: Outcome }> {
  const refused: Outcome[] = []
  const taken = await eventually('a push is taken', async () => {
    const push = await repository.push(...options)
    if (push.status !== 0) refused.push(push)
    return push.status === 0 && push
  })
  return { refused, taken }
}

test('a push is refused by the closed port or is taken, whole: never something in between', async () => {
  await c.kill()
  repository.write('note.yaml', note('two'))
  repository.write('web.yaml', web(2))
  const [{ refused, taken }] = await Promise.all([pushUntilTaken('-o', 'wait'), c.start()])
  assert.ok(refused.length > 0, 'the first push came before the port was open')
  for (const { status, stderr } of refused) {
    assert.is(status, 128, stderr)
    assert.match(stderr, /Failed to connect|Connection refused|Couldn't connect/)
    assert.not.match(stderr, /remote:/)
  }
  assert.match(taken.stderr, /remote: .*0 to create, 2 to change, 0 to delete, 1 unchanged/)
  assert.match(taken.stderr, /remote: .*early is ready/)
  assert.is(await c.kubectl('get', 'notes', 'note', '-o', 'jsonpath={.spec.text}'), 'two')
  assert.match(await c.kubectl('get', 'deployment', 'web'), /web +2\/2/)
})

test('a push whose server dies is made good by the next one, and the Application ends at its commit', async () => {
  repository.write('note.yaml', note('three'))
  const [cut] = await Promise.all([repository.push('-o', 'wait'), new Promise((go) => setTimeout(go, 150)).then(() => c.kill())])
  const [{ taken }] = await Promise.all([pushUntilTaken(), c.start()])
  assert.match(taken.stderr, /syncing early|Everything up-to-date/, cut.stderr)
  await eventually(
    'the note is the last one',
    async () => (await c.kubectl('get', 'notes', 'note', '-o', 'jsonpath={.spec.text}')) === 'three',
  )
})

test.run()
