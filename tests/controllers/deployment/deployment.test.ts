import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Deployment, DeploymentSpec, ReplicaSet } from '../../../src/apimachinery/kinds.generated.ts'
import { decide, type Plan } from '../../../src/controllers/deployment/deployment.ts'
import { annotation, replicasOf } from '../../../src/controllers/deployment/sets.ts'
import { findCondition } from '../../../src/operators/conditions.ts'

const start = Date.UTC(2026, 0, 1)

function deployment(spec: Partial<DeploymentSpec> = {}, image = 'web:1'): Deployment {
  return {
    metadata: { name: 'web', namespace: 'a', uid: 'd', generation: 1, annotations: { note: 'kept' } },
    spec: {
      replicas: 4,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image }] } },
      progressDeadlineSeconds: 600,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } },
      ...spec,
    },
  }
}

const withImage = (d: Deployment, image: string): Deployment => ({
  ...d,
  spec: { ...(d.spec as DeploymentSpec), template: { ...deployment({}, image).spec?.template } as never },
})

/** A world of a Deployment and its sets, in which pods become available as `ready` says. */
function world(d: Deployment) {
  const sets = new Map<string, ReplicaSet>()
  let created = 0
  const it = {
    d,
    now: start,
    sets: () => [...sets.values()],
    bySize: () => [...sets.values()].map((s) => replicasOf(s)),
    set: (s: ReplicaSet) => sets.set(s.metadata.name ?? '', s),
    step(): Plan {
      const plan = decide(it.d, it.sets(), () => [], it.now)
      if (plan.create) {
        const creationTimestamp = new Date(start + created++ * 1000).toISOString()
        it.set({ ...plan.create, metadata: { ...plan.create.metadata, uid: plan.create.metadata.name ?? '', creationTimestamp } })
      }
      for (const { set } of plan.update) it.set(set)
      for (const set of plan.remove) sets.delete(set.metadata.name ?? '')
      const annotations = { ...it.d.metadata.annotations, ...(plan.revision ? { [annotation.revision]: plan.revision } : {}) }
      it.d = { ...it.d, metadata: { ...it.d.metadata, annotations }, status: plan.status }
      return plan
    },
    /** All pods of the sets run; those of sets whose image is not in `broken` are available. */
    run(broken: readonly string[] = []) {
      for (const s of it.sets()) {
        const n = replicasOf(s)
        const good = broken.includes(s.spec?.template?.spec?.containers[0]?.image ?? '') ? 0 : n
        it.set({ ...s, status: { replicas: n, readyReplicas: good, availableReplicas: good, observedGeneration: 9 } })
      }
    },
    settle(broken: readonly string[] = [], check = () => {}) {
      for (let i = 0; i < 40; i++) {
        const plan = it.step()
        check()
        it.run(broken)
        if (!plan.create && plan.update.length === 0 && i > 1) break
      }
      it.step()
    },
  }
  return it
}

const progress = (d: Deployment) => findCondition(d.status?.conditions, 'Progressing')

test('a new Deployment gets a set named by its template hash, revision 1, and becomes available', () => {
  const w = world(deployment())
  const plan = w.step()
  assert.match(plan.create?.metadata.name ?? '', /^web-[b-z2-9]+$/)
  assert.is(plan.create?.metadata.annotations?.note, 'kept')
  assert.is(progress(w.d)?.reason, 'NewReplicaSetCreated')
  assert.is(findCondition(w.d.status?.conditions, 'Available')?.reason, 'MinimumReplicasUnavailable')
  w.settle()
  assert.is(w.d.metadata.annotations?.[annotation.revision], '1')
  assert.is(progress(w.d)?.reason, 'NewReplicaSetAvailable')
  assert.is(findCondition(w.d.status?.conditions, 'Available')?.status, 'True')
})

test('a rolling update stays within maxSurge and maxUnavailable at every step, and counts the revision on', () => {
  const w = world(deployment())
  w.settle()
  w.d = withImage(w.d, 'web:2')
  w.settle([], () => {
    const sizes = w.bySize().reduce((a, b) => a + b, 0)
    const available = w.sets().reduce((n, s) => n + Math.min(replicasOf(s), s.status?.availableReplicas ?? 0), 0)
    assert.ok(sizes <= 5, `${sizes} pods`)
    assert.ok(available >= 3, `${available} available`)
  })
  assert.equal(w.bySize(), [0, 4])
  assert.is(w.d.metadata.annotations?.[annotation.revision], '2')
})

test('a rollout to a broken image stops with enough old pods, times out, and undo goes back to the old set', () => {
  const w = world(deployment())
  w.settle()
  w.d = withImage(w.d, 'web:bad')
  w.settle(['web:bad'])
  assert.equal(w.bySize(), [3, 2])
  w.now += 601_000
  w.step()
  assert.is(progress(w.d)?.reason, 'ProgressDeadlineExceeded')
  assert.match(progress(w.d)?.message ?? '', /^ReplicaSet "web-\w+" has timed out progressing\.$/)
  w.d = withImage(w.d, 'web:1')
  w.settle(['web:bad'])
  assert.equal(w.bySize(), [4, 0])
  assert.is(w.d.metadata.annotations?.[annotation.revision], '3')
  assert.is(w.sets()[0]?.metadata.annotations?.[annotation.history], '1')
})

test('scaling in the middle of a rollout grows the sets in proportion', () => {
  const w = world(
    deployment({ replicas: 10, strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } } }),
  )
  w.settle()
  w.d = withImage(w.d, 'web:bad')
  w.settle(['web:bad'])
  assert.equal(w.bySize(), [8, 5])
  w.d = { ...w.d, spec: { ...(w.d.spec as DeploymentSpec), replicas: 15 } }
  w.step()
  // The Kubernetes documentation's own example.
  assert.equal(w.bySize(), [11, 7])
})

test('Recreate brings the old down to nothing before the new starts', () => {
  const w = world(deployment({ strategy: { type: 'Recreate' } }))
  w.settle()
  w.d = withImage(w.d, 'web:2')
  w.step()
  assert.equal(w.bySize(), [0])
  w.step()
  assert.equal(w.bySize(), [0])
  w.run()
  w.settle()
  assert.equal(w.bySize(), [0, 4])
})

test('a paused Deployment scales but does not roll out; resumed, it does', () => {
  const w = world(deployment())
  w.settle()
  w.d = withImage({ ...w.d, spec: { ...(w.d.spec as DeploymentSpec), paused: true, replicas: 6 } }, 'web:2')
  w.settle()
  assert.equal(w.bySize(), [6])
  assert.is(progress(w.d)?.reason, 'DeploymentPaused')
  w.d = { ...w.d, spec: { ...(w.d.spec as DeploymentSpec), paused: false } }
  w.settle()
  assert.equal(w.bySize(), [0, 6])
})

test('sets beyond the history limit are removed, oldest first', () => {
  const w = world(deployment({ revisionHistoryLimit: 1 }))
  for (const n of [1, 2, 3, 4]) {
    w.d = withImage(w.d, `web:${n}`)
    w.settle()
  }
  assert.equal(w.bySize(), [0, 4])
  assert.is(w.sets()[0]?.metadata.annotations?.[annotation.revision], '3')
})

test('when nothing has changed, nothing is to do', () => {
  const w = world(deployment())
  w.settle()
  const before = w.d.status
  const plan = w.step()
  assert.equal([plan.create, plan.update, plan.remove], [undefined, [], []])
  assert.equal(plan.status, before)
})

test('revisions are counted on exactly, past what a number holds', () => {
  const w = world(deployment())
  w.step()
  const [set] = w.sets()
  const annotations = { ...set?.metadata.annotations, [annotation.revision]: '3546343826724305832' }
  w.set({ ...set, metadata: { ...set?.metadata, annotations } } as ReplicaSet)
  w.d = withImage(w.d, 'web:2')
  w.step()
  assert.is(w.d.metadata.annotations?.[annotation.revision], '3546343826724305833')
})

test.run()
