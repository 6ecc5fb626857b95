import type { Pod, PodAffinityTerm, WeightedPodAffinityTerm } from '../../apimachinery/kinds.generated.ts'
import { type LabelSelectorObject, matchesSelector } from '../../apimachinery/label-selector.ts'
import { definePlugin, fits, unresolvable, unschedulable, type Verdict, type World } from '../framework.ts'
import { withLabelKeys } from '../label-keys.ts'
import type { NodeState } from '../node-state.ts'

/** A term as its owner means it. */
interface Term {
  readonly key: string
  readonly selector: LabelSelectorObject | undefined
  readonly namespaces: readonly string[]
  readonly namespaceSelector: LabelSelectorObject | undefined
}

function termOf(term: PodAffinityTerm, owner: Pod): Term {
  const own = (term.namespaces ?? []).length === 0 && !term.namespaceSelector
  return {
    key: term.topologyKey,
    selector: withLabelKeys(term.labelSelector, owner.metadata.labels, term.matchLabelKeys, term.mismatchLabelKeys),
    namespaces: own ? [owner.metadata.namespace ?? ''] : (term.namespaces ?? []),
    namespaceSelector: term.namespaceSelector,
  }
}

const terms = new WeakMap<readonly PodAffinityTerm[], readonly Term[]>()

/** The terms of `list`, remembered by the list, which is part of a frozen pod. */
function termsOf(list: readonly PodAffinityTerm[] | undefined, owner: Pod): readonly Term[] {
  if (!list) return []
  const known = terms.get(list)
  if (known) return known
  const made = list.map((t) => termOf(t, owner))
  terms.set(list, made)
  return made
}

const required = (pod: Pod, side: 'podAffinity' | 'podAntiAffinity'): readonly Term[] =>
  termsOf(pod.spec?.affinity?.[side]?.requiredDuringSchedulingIgnoredDuringExecution, pod)

interface Weighted {
  readonly term: Term
  readonly weight: number
}
const preferred = (pod: Pod, side: 'podAffinity' | 'podAntiAffinity'): Weighted[] =>
  (pod.spec?.affinity?.[side]?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((w: WeightedPodAffinityTerm) => ({
    term: termOf(w.podAffinityTerm, pod),
    weight: side === 'podAffinity' ? w.weight : -w.weight,
  }))

function concerns(term: Term, pod: Pod, world: World): boolean {
  const namespace = pod.metadata.namespace ?? ''
  const inNamespace =
    term.namespaces.includes(namespace) ||
    (term.namespaceSelector !== undefined && matchesSelector(term.namespaceSelector, world.namespaceLabels(namespace)))
  return inNamespace && matchesSelector(term.selector, pod.metadata.labels)
}

/** Sums by topology key and value. */
class Pairs {
  readonly #sums = new Map<string, Map<string, number>>()
  add(node: NodeState, key: string, amount: number): void {
    if (!Object.hasOwn(node.labels, key)) return
    const value = node.labels[key] as string
    const values = this.#sums.get(key) ?? new Map<string, number>()
    values.set(value, (values.get(value) ?? 0) + amount)
    this.#sums.set(key, values)
  }
  at(node: NodeState, key: string): number {
    return this.#sums.get(key)?.get(node.labels[key] ?? '\0') ?? 0
  }
  keys(): Iterable<string> {
    return this.#sums.keys()
  }
  get isEmpty(): boolean {
    return this.#sums.size === 0
  }
}

interface Filtering {
  readonly affinity: readonly Term[]
  readonly antiAffinity: readonly Term[]
  /** Pods that match all affinity terms; any anti-affinity term; and existing pods whose anti-affinity is against this one. */
  readonly friends: Pairs
  readonly foes: Pairs
  readonly opponents: Pairs
  /** The first of a group that wants to be together: it satisfies its own terms. */
  readonly isFirst: boolean
}

function prepareFilter(pod: Pod, world: World): Filtering | 'skip' {
  const affinity = required(pod, 'podAffinity')
  const antiAffinity = required(pod, 'podAntiAffinity')
  const [friends, foes, opponents] = [new Pairs(), new Pairs(), new Pairs()]
  for (const node of world.nodes) {
    for (const existing of node.affine.values())
      for (const term of required(existing, 'podAntiAffinity')) if (concerns(term, pod, world)) opponents.add(node, term.key, 1)
    if (affinity.length + antiAffinity.length === 0) continue
    for (const existing of node.pods.values()) {
      if (affinity.length > 0 && affinity.every((t) => concerns(t, existing, world)))
        for (const term of affinity) friends.add(node, term.key, 1)
      for (const term of antiAffinity) if (concerns(term, existing, world)) foes.add(node, term.key, 1)
    }
  }
  if (affinity.length + antiAffinity.length === 0 && opponents.isEmpty) return 'skip'
  const isFirst = friends.isEmpty && affinity.every((t) => concerns(t, pod, world))
  return { affinity, antiAffinity, friends, foes, opponents, isFirst }
}

function filter(_pod: Pod, node: NodeState, f: Filtering): Verdict {
  const hasKeys = f.affinity.every((t) => Object.hasOwn(node.labels, t.key))
  if (!hasKeys || (!f.isFirst && f.affinity.some((t) => f.friends.at(node, t.key) <= 0)))
    return unresolvable("node(s) didn't match pod affinity rules")
  if (f.antiAffinity.some((t) => f.foes.at(node, t.key) > 0)) return unschedulable("node(s) didn't match pod anti-affinity rules")
  for (const key of f.opponents.keys())
    if (f.opponents.at(node, key) > 0) return unschedulable("node(s) didn't satisfy existing pods anti-affinity rules")
  return fits
}

function prepareScore(pod: Pod, world: World): Pairs | 'skip' {
  const own = [...preferred(pod, 'podAffinity'), ...preferred(pod, 'podAntiAffinity')]
  const sums = new Pairs()
  for (const node of world.nodes) {
    if (own.length > 0)
      for (const existing of node.pods.values())
        for (const { term, weight } of own) if (concerns(term, existing, world)) sums.add(node, term.key, weight)
    for (const existing of node.affine.values()) {
      // What an existing pod requires, it also likes: hardPodAffinityWeight is 1.
      for (const term of required(existing, 'podAffinity')) if (concerns(term, pod, world)) sums.add(node, term.key, 1)
      for (const { term, weight } of [...preferred(existing, 'podAffinity'), ...preferred(existing, 'podAntiAffinity')])
        if (concerns(term, pod, world)) sums.add(node, term.key, weight)
    }
  }
  return sums.isEmpty ? 'skip' : sums
}

function normalize(scores: readonly number[]): number[] {
  const least = Math.min(...scores)
  const range = Math.max(...scores) - least
  return scores.map((s) => (range > 0 ? Math.floor((100 * (s - least)) / range) : 0))
}

export const interPodAffinity = definePlugin<Filtering, Pairs>({
  name: 'InterPodAffinity',
  weight: 2,
  prepareFilter,
  filter,
  prepareScore,
  score: (_pod, node, sums) => {
    let score = 0
    for (const key of sums.keys()) score += sums.at(node, key)
    return score
  },
  normalize,
  wakes: (event) =>
    event.kind === 'pod'
      ? event.now === undefined || event.before === undefined || labelsChanged(event)
      : event.now !== undefined,
})

const labelsChanged = ({ now, before }: { now: Pod | undefined; before: Pod | undefined }): boolean =>
  JSON.stringify(now?.metadata.labels) !== JSON.stringify(before?.metadata.labels)
