import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { AdmissionRequest } from '../../../src/api/admission/admission.ts'
import { runMutating, runValidating } from '../../../src/api/admission/chain.ts'
import { createAdmission } from '../../../src/api/admission/index.ts'
import { createAuthorizer } from '../../../src/api/auth/authorize.ts'
import { openPki } from '../../../src/api/auth/pki.ts'
import { AdmissionMetrics } from '../../../src/api/health/admission-metrics.ts'
import type { AlsoServed } from '../../../src/api/registry/served.ts'
import { markEmpties } from '../../../src/api/schema/decode.ts'
import type { KubeObject } from '../../../src/apimachinery/object.ts'
import {
  mutatingwebhookconfigurations,
  namespaces,
  validatingwebhookconfigurations,
} from '../../../src/apimachinery/resources.generated.ts'
import type { StatusError } from '../../../src/apimachinery/status.ts'
import { ObjectsInMemory } from '../auth/objects-in-memory.ts'
import { podRequest } from './pod-request.ts'

const metrics = new AdmissionMetrics()

type Review = { request: { uid: string } }
type Answer = (path: string) => object

/** An admission webhook with a certificate of its own authority. */
async function withWebhook(
  answer: Answer,
  use: (port: number, caBundle: string, ownCert: string) => Promise<void>,
  onRequest: (connection: Socket) => void = () => {},
) {
  const directory = await mkdtemp(join(tmpdir(), 'slipway-hook-'))
  const pki = await openPki({ directory, serviceAddress: '10.43.0.1' })
  const server = createServer(pki.serving, async (request, response) => {
    onRequest(request.socket)
    if (request.socket.destroyed) return
    let text = ''
    for await (const piece of request) text += piece
    const { request: asked } = JSON.parse(text) as Review
    const body = {
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      response: { uid: asked.uid, ...answer(request.url ?? '') },
    }
    response.end(JSON.stringify(body))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const base64 = (pem: string) => Buffer.from(pem).toString('base64')
    await use((server.address() as { port: number }).port, base64(pki.caCert), base64(pki.serving.cert))
  } finally {
    server.closeAllConnections()
    server.close()
    await rm(directory, { recursive: true })
  }
}

const rules = [{ apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['CREATE'] }]
const hook = (port: number, caBundle: string, more: object = {}) => ({
  metadata: { name: 'c', uid: 'u' },
  webhooks: [
    {
      name: 'w.example.com',
      clientConfig: { url: `https://127.0.0.1:${port}/x`, caBundle },
      rules,
      admissionReviewVersions: ['v1'],
      sideEffects: 'None',
      timeoutSeconds: 2,
      ...more,
    },
  ],
})

async function admit(
  objects: ObjectsInMemory,
  data: Record<string, string>,
  dryRun = false,
  notes?: Map<string, string>,
  more: Partial<AdmissionRequest> = {},
): Promise<Record<string, string>> {
  objects.put(namespaces, { metadata: { name: 'x' } })
  const object = { metadata: { name: 'm', namespace: 'x' }, data }
  const ofMap = { resource: 'configmaps', kind: 'ConfigMap', name: 'm', object, dryRun }
  const request = podRequest(
    {},
    {
      ...ofMap,
      ...(notes ? { annotate: (key: string, value: string) => void notes.set(key, value) } : {}),
      ...more,
    },
  )
  markEmpties(object)
  const plugins = createAdmission({ objects, authorizer: createAuthorizer(objects) })
  await runMutating(plugins, request, metrics)
  await runValidating(plugins, request, metrics)
  return (request.object as unknown as typeof object).data
}

const messageOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => '',
    (error: StatusError) => error.message,
  )

const patch = (operations: object[]) => ({
  allowed: true,
  patchType: 'JSONPatch',
  patch: Buffer.from(JSON.stringify(operations)).toString('base64'),
})

test('mutating webhooks change the object in turn, and who asks for it is asked again when others changed it afterwards', () => {
  let asked = 0
  return withWebhook(
    () => patch([{ op: 'add', path: `/data/k${++asked}`, value: 'x' }]),
    async (port, ca) => {
      const again = hook(port, ca, { reinvocationPolicy: 'IfNeeded' })
      const once = { ...hook(port, ca), metadata: { name: 'd', uid: 'v' } }
      const objects = new ObjectsInMemory().put(
        mutatingwebhookconfigurations,
        again as object as KubeObject,
        once as object as KubeObject,
      )
      assert.equal(Object.keys(await admit(objects, { a: '1' })).sort(), ['a', 'k1', 'k2', 'k3'])
    },
  )
})

test('a webhook that names another version of a custom kind sees it in that version, and its patch is taken back into its own', () =>
  withWebhook(
    (path) =>
      path.startsWith('/x')
        ? patch([{ op: 'replace', path: '/data/old', value: 'patched' }])
        : patch([{ op: 'remove', path: '/' }]),
    async (port, ca) => {
      const renamed = { old: 'new', new: 'old' } as const
      const alsoServed: AlsoServed = {
        versions: ['v1'],
        convert: async (object, version) => {
          const [[key = '', value] = []] = Object.entries((object as KubeObject & { data: Record<string, string> }).data)
          return { ...object, apiVersion: `example.com/${version}`, data: { [renamed[key as 'old']]: value } } as KubeObject
        },
      }
      const custom = { group: 'example.com', version: 'v2', resource: 'things', kind: 'Thing', alsoServed }
      const things = [{ ...rules[0], apiGroups: ['example.com'], resources: ['things'] }]
      const equivalent = {
        rules: things,
        matchPolicy: 'Equivalent',
        matchConditions: [{ name: 'c', expression: 'has(object.data.old) && request.requestKind.version == "v2"' }],
      }
      const exact = {
        ...hook(port, ca, {
          rules: things,
          matchPolicy: 'Exact',
          clientConfig: { url: `https://127.0.0.1:${port}/no`, caBundle: ca },
        }),
        metadata: { name: 'd', uid: 'v' },
      }
      const objects = new ObjectsInMemory().put(
        mutatingwebhookconfigurations,
        hook(port, ca, equivalent) as object as KubeObject,
        exact as object as KubeObject,
      )
      assert.equal(await admit(objects, { new: 'given' }, false, undefined, custom), { new: 'patched' })
    },
  ))

test('the audit log hears what each webhook did, also when it failed; notes with names that are none are left out', () =>
  withWebhook(
    (path) =>
      path.startsWith('/x')
        ? { ...patch([{ op: 'add', path: '/data/b', value: '<' }]), auditAnnotations: { ok: 'yes', 'not ok': 'no', '': 'no' } }
        : path.startsWith('/none')
          ? patch([])
          : { allowed: true, patch: 'bm8=' },
    async (port, ca) => {
      const at = (name: string, more: object) =>
        ({ ...hook(port, ca, more), metadata: { name, uid: name } }) as object as KubeObject
      const url = (path: string) => ({ clientConfig: { url: `https://127.0.0.1:${port}${path}`, caBundle: ca } })
      const objects = new ObjectsInMemory().put(
        mutatingwebhookconfigurations,
        at('a', {}),
        at('b', { ...url('/none'), name: 'none.example.com' }),
        at('c', { ...url('/bad'), name: 'bad.example.com', failurePolicy: 'Ignore' }),
      )
      const notMatched = { name: 'other.example.com', objectSelector: { matchLabels: { no: 'such' } } }
      const failing = at('d', { ...url('/bad'), name: 'fails.example.com', failurePolicy: 'Ignore' }) as KubeObject & {
        webhooks: object[]
      }
      const [one] = failing.webhooks
      objects.put(validatingwebhookconfigurations, {
        ...failing,
        webhooks: [{ ...one, ...notMatched }, one],
      } as object as KubeObject)
      const notes = new Map<string, string>()
      await admit(objects, { a: '1' }, false, notes)
      const did = (webhook: string, configuration: string, mutated: boolean) =>
        JSON.stringify({ configuration, webhook, mutated })
      assert.equal(Object.fromEntries(notes), {
        'w.example.com/ok': 'yes',
        'patch.webhook.admission.k8s.io/round_0_index_0':
          '{"configuration":"a","webhook":"w.example.com","patch":[{"op":"add","path":"/data/b","value":"\\u003c"}],"patchType":"JSONPatch"}',
        'mutation.webhook.admission.k8s.io/round_0_index_0': did('w.example.com', 'a', true),
        'mutation.webhook.admission.k8s.io/round_0_index_1': did('none.example.com', 'b', false),
        'mutation.webhook.admission.k8s.io/round_0_index_2': did('bad.example.com', 'c', false),
        'failed-open.mutation.webhook.admission.k8s.io/round_0_index_2': 'bad.example.com',
        // Among the webhooks that look at this request.
        'failed-open.validating.webhook.admission.k8s.io/round_0_index_0': 'fails.example.com',
      })
    },
  ))

test('a webhook sees an object as Go writes it: an empty map is not there, and nothing can be added to it', () =>
  withWebhook(
    () => patch([{ op: 'add', path: '/data/b', value: 'x' }]),
    async (port, ca) => {
      const objects = new ObjectsInMemory().put(mutatingwebhookconfigurations, hook(port, ca) as object as KubeObject)
      const why = 'add operation does not apply: doc is missing path: "/data/b": missing value'
      assert.is(await messageOf(admit(objects, {})), `Internal error occurred: ${why}`)
    },
  ))

test('a refusal names the webhook; a failed call is fatal or forgiven by the failure policy', () =>
  withWebhook(
    () => ({ allowed: false, status: { message: 'no', code: 403 } }),
    async (port, ca) => {
      const by = (more: object) =>
        new ObjectsInMemory().put(validatingwebhookconfigurations, hook(port, ca, more) as object as KubeObject)
      assert.is(await messageOf(admit(by({}), {})), 'admission webhook "w.example.com" denied the request: no')
      assert.is(
        await messageOf(admit(by({ matchConditions: [{ name: 'x', expression: "'b' in object.data" }] }), { a: '1' })),
        '',
      )
      assert.match(await messageOf(admit(by({ sideEffects: 'Some' }), {}, true)), 'does not support dry run')
      const url = 'https://127.0.0.1:1/x'
      const text = `Internal error occurred: failed calling webhook "w.example.com": failed to call webhook: Post "${url}?timeout=2s": dial tcp 127.0.0.1:1: connect: connection refused`
      assert.is(await messageOf(admit(by({ clientConfig: { url } }), {})), text)
      assert.is(await messageOf(admit(by({ clientConfig: { url }, failurePolicy: 'Ignore' }), {})), '')
      // As Go, the address that was tried, not the name that led there.
      const named = await messageOf(admit(by({ clientConfig: { url: 'https://localhost:1/x' } }), {}))
      assert.match(named, /dial tcp (127\.0\.0\.1|\[::1\]):1: connect: connection refused$/)
      const untrusted = { clientConfig: { url: `https://127.0.0.1:${port}/x` } }
      assert.match(await messageOf(admit(by(untrusted), {})), 'certificate signed by unknown authority')
    },
  ))

// controller-runtime's envtest writes the webhook's own certificate into caBundle.
test("a webhook's path is asked for as Go's path.Join has it: envtest writes two slashes", async () => {
  const asked: string[] = []
  const noting = (path: string) => {
    asked.push(path)
    return { allowed: true }
  }
  await withWebhook(noting, async (port, caBundle) => {
    for (const path of ['', '/', '//x', '/x/', '/x/./y//z/../']) {
      const objects = new ObjectsInMemory()
      const clientConfig = { url: `https://127.0.0.1:${port}${path}`, caBundle }
      objects.put(validatingwebhookconfigurations, hook(port, caBundle, { clientConfig }))
      await admit(objects, {})
    }
  })
  assert.equal(
    asked,
    ['/', '/', '/x', '/x', '/x/y'].map((path) => `${path}?timeout=2s`),
  )
})

test('a bundle may hold the server certificate itself instead of its authority', () =>
  withWebhook(
    () => patch([{ op: 'add', path: '/data/k', value: 'x' }]),
    async (port, _, ownCert) => {
      const [leaf] = Buffer.from(ownCert, 'base64')
        .toString()
        .split(/(?<=-----END CERTIFICATE-----\n?)/)
      const objects = new ObjectsInMemory().put(
        mutatingwebhookconfigurations,
        hook(port, Buffer.from(leaf ?? '').toString('base64')) as object as KubeObject,
      )
      assert.equal(await admit(objects, { a: '1' }), { a: '1', k: 'x' })
    },
  ))

test('a kept connection that the webhook closes makes no failure; a new one that it closes does, at once', async () => {
  let asked = 0
  const connections = new Set<Socket>()
  let isGone = false
  const close = (socket: Socket) => {
    const isKnown = connections.has(socket)
    connections.add(socket)
    if (isKnown || isGone) socket.destroy()
  }
  await withWebhook(
    () => ({ allowed: ++asked > 0 }),
    async (port, caBundle) => {
      const objects = new ObjectsInMemory()
      objects.put(validatingwebhookconfigurations, hook(port, caBundle))
      for (const _ of [1, 2, 3]) await admit(objects, {})
      assert.is(asked, 3)
      isGone = true
      assert.match(await messageOf(admit(objects, {})), /failed calling webhook "w\.example\.com": .*Post "https:/)
      assert.is(asked, 3)
    },
    close,
  )
})

test.run()
