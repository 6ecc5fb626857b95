import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { AdmissionRequest } from '../../../src/api/admission/admission.ts'
import { nodeRestriction } from '../../../src/api/admission/plugins/node-restriction.ts'
import type { KubeObject } from '../../../src/apimachinery/object.ts'
import { csidrivers, persistentvolumeclaims, persistentvolumes, pods } from '../../../src/apimachinery/resources.generated.ts'
import { ObjectsInMemory } from '../auth/objects-in-memory.ts'

/** Why node n's request is refused, or ''. Texts are those of kube-apiserver 1.36.3. */
async function refusal(more: Partial<AdmissionRequest>, objects = new ObjectsInMemory()): Promise<string> {
  const plugin = nodeRestriction(objects, () => ({ allowed: false, reason: '' }))
  const request = {
    operation: 'CREATE',
    group: '',
    version: 'v1',
    subresource: '',
    namespace: undefined,
    oldObject: undefined,
    options: {},
    dryRun: false,
    user: { name: 'system:node:n', groups: ['system:nodes'] },
    warn: () => {},
    ...more,
  } as AdmissionRequest
  try {
    await plugin.mutate?.(request)
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

const node = (spec: object, labels?: object) => ({ metadata: { name: 'n', labels }, spec }) as object as KubeObject

test('a node sets no configSource, be it at its creation, before its labels are looked at, or later', async () => {
  const object = node({ configSource: { configMap: { name: 'c' } } }, { 'node-role.kubernetes.io/x': '' })
  const base = { resource: 'nodes', kind: 'Node', name: 'n', object }
  assert.is(await refusal(base), 'nodes "n" is forbidden: node "n" is not allowed to create pods with a non-nil configSource')
  assert.is(
    await refusal({ ...base, operation: 'UPDATE', oldObject: node({}) }),
    'nodes "n" is forbidden: node "n" is not allowed to update configSource to a new non-nil configSource',
  )
  assert.is(await refusal({ ...base, object: node({}) }), '')
})

test('a signing request that is no PEM is refused as such', async () => {
  const spec = { signerName: 'kubernetes.io/kubelet-serving', request: 'eHg=', usages: ['server auth'] }
  const object = { metadata: { name: 'c' }, spec } as object as KubeObject
  const group = 'certificates.k8s.io'
  assert.is(
    await refusal({ group, resource: 'certificatesigningrequests', kind: 'CertificateSigningRequest', name: 'c', object }),
    'certificatesigningrequests.certificates.k8s.io "c" is forbidden: unable to parse csr: PEM block type must be CERTIFICATE REQUEST',
  )
})

test('a pod that is not there is named in the singular, as a lister of client-go names it', async () => {
  const spec = { audiences: [], boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'gone', uid: 'u' } }
  const object = { metadata: {}, spec } as object as KubeObject
  const token = {
    resource: 'serviceaccounts',
    subresource: 'token',
    kind: 'TokenRequest',
    name: 'default',
    namespace: 'x',
    object,
  }
  assert.is(await refusal(token), 'pod "gone" not found')
})

test('audiences are those of the volumes of the pod and of their drivers; what is missing on the way to a driver is told', async () => {
  const metadata = { name: 'p', namespace: 'x', uid: 'u' }
  const volumes = [
    { name: 'own', projected: { sources: [{ serviceAccountToken: { path: 't', audience: 'vault' } }] } },
    { name: 'a', csi: { driver: 'there' } },
    { name: 'b', persistentVolumeClaim: { claimName: 'claim' } },
  ]
  const objects = new ObjectsInMemory()
    .put(pods, { metadata, spec: { nodeName: 'n', volumes } } as never)
    .put(csidrivers, { metadata: { name: 'there' }, spec: { tokenRequests: [{ audience: 'drivers' }] } } as never)
  const ask = (audience: string) => {
    const spec = { audiences: [audience], boundObjectRef: { apiVersion: 'v1', kind: 'Pod', ...metadata } }
    const base = { resource: 'serviceaccounts', subresource: 'token', kind: 'TokenRequest', name: 'default', namespace: 'x' }
    return refusal({ ...base, object: { metadata: {}, spec } as object as KubeObject }, objects)
  }
  const forbidden = 'serviceaccounts "default" is forbidden: '
  assert.is(await ask('vault'), '')
  assert.is(await ask('drivers'), '')
  const missing = 'error validating audience "other": persistentvolumeclaim "claim" not found'
  assert.is(await ask('other'), forbidden + missing)
  objects
    .put(persistentvolumeclaims, { metadata: { name: 'claim', namespace: 'x' }, spec: { volumeName: 'pv' } } as never)
    .put(persistentvolumes, { metadata: { name: 'pv' }, spec: { csi: { driver: 'gone', volumeHandle: 'h' } } } as never)
  assert.is(await ask('other'), `${forbidden}error validating audience "other": csidriver.storage.k8s.io "gone" not found`)
  objects.put(csidrivers, { metadata: { name: 'gone' }, spec: {} } as never)
  assert.match(await ask('other'), /audience "other" not found in pod spec volume/)
})

test.run()
