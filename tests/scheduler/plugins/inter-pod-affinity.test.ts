import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Pod, PodAffinityTerm } from '../../../src/apimachinery/kinds.generated.ts'
import { interPodAffinity } from '../../../src/scheduler/plugins/inter-pod-affinity.ts'
import type { Snapshot } from '../../../src/scheduler/snapshot.ts'
import { node, pod, world } from '../world.ts'

type Side = 'podAffinity' | 'podAntiAffinity'

const host = 'kubernetes.io/hostname'
const near = (app: string, more: Partial<PodAffinityTerm> = {}): PodAffinityTerm => ({
  topologyKey: host,
  labelSelector: { matchLabels: { app } },
  ...more,
})
const requiring = (side: Side, term: PodAffinityTerm, labels: Record<string, string> = {}) =>
  pod({ labels, affinity: { [side]: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } })
const preferring = (side: Side, weight: number, term: PodAffinityTerm, labels: Record<string, string> = {}) =>
  pod({
    labels,
    affinity: { [side]: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight, podAffinityTerm: term }] } },
  })
const web = () => pod({ labels: { app: 'web' } })

/** Why each node is out, undefined where it is not. */
function reasons(asked: Pod, w: Snapshot): (string | undefined)[] {
  const prepared = interPodAffinity.prepareFilter?.(asked, w)
  return w.nodes.map((n) => (prepared === 'skip' ? undefined : interPodAffinity.filter?.(asked, n, prepared)?.reasons[0]))
}

/** The score of each node, before and after it is normalized. */
function scores(asked: Pod, w: Snapshot): { raw: number[]; normal: number[] } | 'skip' {
  const prepared = interPodAffinity.prepareScore?.(asked, w, w.nodes)
  if (prepared === 'skip') return 'skip'
  const raw = w.nodes.map((n) => interPodAffinity.score?.(asked, n, prepared) ?? 0)
  return { raw, normal: interPodAffinity.normalize?.(raw, prepared, w.nodes) ?? [] }
}

test('a pod goes only where the pods are that it must be near, and not where those are that it must not', () => {
  const w = world([node('a'), node('b')], { a: [web()] })
  assert.equal(reasons(requiring('podAffinity', near('web')), w), [undefined, "node(s) didn't match pod affinity rules"])
  assert.equal(reasons(requiring('podAntiAffinity', near('web')), w), ["node(s) didn't match pod anti-affinity rules", undefined])
})

test('a pod stays away from those that do not want it near, and is asked nothing where nobody minds', () => {
  const w = world([node('a'), node('b')], { a: [requiring('podAntiAffinity', near('web'))] })
  assert.equal(reasons(web(), w), ["node(s) didn't satisfy existing pods anti-affinity rules", undefined])
  assert.is(interPodAffinity.prepareFilter?.(pod({ labels: { app: 'db' } }), w), 'skip')
})

test('the first of a group that wants to be together goes anywhere that has the topology key', () => {
  const w = world([node('a', { labels: { zone: 'z' } }), node('b')])
  const term = near('web', { topologyKey: 'zone' })
  const none = "node(s) didn't match pod affinity rules"
  assert.equal(reasons(requiring('podAffinity', term, { app: 'web' }), w), [undefined, none])
  assert.equal(reasons(requiring('podAffinity', term, { app: 'db' }), w), [none, none])
})

test('a term means its own namespace, those that it names, or those of its selector', () => {
  const elsewhere = { ...web(), metadata: { ...web().metadata, namespace: 'other' } }
  const w = world([node('a')], { a: [elsewhere] })
  const isKept = (more: Partial<PodAffinityTerm>) => reasons(requiring('podAntiAffinity', near('web', more)), w)[0] !== undefined
  assert.is(isKept({}), false)
  assert.is(isKept({ namespaces: ['other'] }), true)
  assert.is(isKept({ namespaces: ['third'] }), false)
  assert.is(isKept({ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'other' } } }), true)
  assert.is(isKept({ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'third' } } }), false)
})

test('what a pod prefers, and what pods that run prefer or require of it, is summed up, against counting down', () => {
  const placed = {
    a: [web()],
    b: [preferring('podAffinity', 7, near('new')), requiring('podAffinity', near('new'))],
    c: [preferring('podAntiAffinity', 4, near('new'))],
  }
  const w = world([node('a'), node('b'), node('c'), node('d')], placed)
  const liking = preferring('podAffinity', 10, near('web'), { app: 'new' })
  assert.equal(scores(liking, w), { raw: [10, 8, -4, 0], normal: [100, 85, 0, 28] })
  const disliking = preferring('podAntiAffinity', 10, near('web'), { app: 'new' })
  assert.equal(scores(disliking, w), { raw: [-10, 8, -4, 0], normal: [0, 100, 33, 55] })
  assert.is(scores(pod(), w), 'skip')
})

test('where all nodes score alike, none is better', () => {
  assert.equal(interPodAffinity.normalize?.([3, 3], undefined, []), [0, 0])
})

test('pods that come, go or change their labels, and nodes that are there, are news; a status is not', () => {
  const wakes = (event: object) => interPodAffinity.wakes?.(event as never, pod())
  const [one, other] = [pod({ labels: { a: '1' } }), pod({ labels: { a: '2' } })]
  assert.is(wakes({ kind: 'pod', now: one, before: undefined }), true)
  assert.is(wakes({ kind: 'pod', now: undefined, before: one }), true)
  assert.is(wakes({ kind: 'pod', now: other, before: one }), true)
  assert.is(wakes({ kind: 'pod', now: { ...one, status: {} }, before: one }), false)
  assert.is(wakes({ kind: 'node', now: node('a') }), true)
  assert.is(wakes({ kind: 'node', now: undefined, before: node('a') }), false)
})

test.run()
