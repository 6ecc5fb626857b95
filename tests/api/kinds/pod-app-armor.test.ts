import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { syncAppArmor } from '../../../src/api/kinds/core/pod/pod-app-armor.ts'
import type { AppArmorProfile, Pod } from '../../../src/apimachinery/kinds.generated.ts'

const key = 'container.apparmor.security.beta.kubernetes.io/c'
const warning = `metadata.annotations[${key}]: deprecated since v1.30; use the "appArmorProfile" field instead`

function synced(annotation: string, onPod?: AppArmorProfile, own?: AppArmorProfile, os = 'linux') {
  const context = (appArmorProfile: AppArmorProfile | undefined) =>
    appArmorProfile ? { securityContext: { appArmorProfile } } : {}
  const pod = {
    metadata: { annotations: { [key]: annotation } },
    spec: { os: { name: os }, ...context(onPod), containers: [{ name: 'c', ...context(own) }, { name: 'd' }] },
  } as unknown as Pod
  const warnings: string[] = []
  syncAppArmor(pod, (w) => warnings.push(w))
  assert.is(pod.spec?.containers[1]?.securityContext, undefined)
  return { profile: pod.spec?.containers[0]?.securityContext?.appArmorProfile, warnings }
}

test("a container without a profile gets that of its pod's annotation, with a warning", () => {
  assert.equal(synced('unconfined'), { profile: { type: 'Unconfined' }, warnings: [warning] })
  const localhost = { type: 'Localhost', localhostProfile: 'x' } as const
  assert.equal(synced('localhost/x'), { profile: localhost, warnings: [warning] })
  assert.equal(synced('localhost/x', { type: 'RuntimeDefault' }), { profile: localhost, warnings: [warning] })
})

test('an annotation that says what the field says changes nothing; one that says nothing is warned of', () => {
  assert.equal(synced('runtime/default', { type: 'RuntimeDefault' }), { profile: undefined, warnings: [] })
  assert.equal(synced('unconfined', undefined, { type: 'RuntimeDefault' }), { profile: { type: 'RuntimeDefault' }, warnings: [] })
  for (const text of ['', 'localhost/', 'localhost/ x']) assert.equal(synced(text), { profile: undefined, warnings: [warning] })
  assert.equal(synced('unconfined', undefined, undefined, 'windows'), { profile: undefined, warnings: [] })
})

test.run()
