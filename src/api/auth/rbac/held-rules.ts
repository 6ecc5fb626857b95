import type { PolicyRule } from '../../../apimachinery/kinds.generated.ts'
import type { Steps } from '../../../apimachinery/steps.ts'

/** A rule of one verb and one resource or path, with at most one name. */
export interface Atom {
  readonly verb: string
  readonly group?: string
  readonly resource?: string
  readonly name?: string
  readonly url?: string
}

const dimensions = ['verbs', 'apiGroups', 'resources', 'resourceNames'] as const
type Dimension = (typeof dimensions)[number]

/** What a rule says, to ask often. */
class Holder {
  readonly rule: PolicyRule
  readonly #sets = new Map<Dimension, ReadonlySet<string>>()

  constructor(rule: PolicyRule) {
    this.rule = rule
  }

  says(dimension: Dimension, value: string): boolean {
    const known = this.#sets.get(dimension)
    if (known) return known.has(value)
    const set = new Set(this.rule[dimension] ?? [])
    this.#sets.set(dimension, set)
    return set.has(value)
  }

  saysOrAll(dimension: Dimension, value: string): boolean {
    return this.says(dimension, '*') || this.says(dimension, value)
  }

  saysResource(resource: string): boolean {
    if (this.saysOrAll('resources', resource)) return true
    const sub = anySubresource(resource)
    return sub !== undefined && this.says('resources', sub)
  }

  saysName(name: string | undefined): boolean {
    return !this.rule.resourceNames?.length || (name !== undefined && this.says('resourceNames', name))
  }

  holds({ verb, group = '', resource = '', name }: Atom): boolean {
    return (
      this.saysOrAll('verbs', verb) && this.saysOrAll('apiGroups', group) && this.saysResource(resource) && this.saysName(name)
    )
  }

  /** All of a rule for resources, which then need not be taken apart. */
  holdsAll({ verbs, apiGroups = [], resources = [], resourceNames = [] }: PolicyRule): boolean {
    return (
      verbs.every((verb) => this.saysOrAll('verbs', verb)) &&
      apiGroups.every((group) => this.saysOrAll('apiGroups', group)) &&
      resources.every((resource) => this.saysResource(resource)) &&
      (resourceNames.length === 0 ? this.saysName(undefined) : resourceNames.every((name) => this.saysName(name)))
    )
  }
}

/** `*` + `/status` of `pods/status`. */
function anySubresource(resource: string): string | undefined {
  const slash = resource.indexOf('/')
  return slash < 0 ? undefined : `*${resource.slice(slash)}`
}

type Index = Map<string, Holder[]>

function note(index: Index, key: string, holder: Holder): void {
  const known = index.get(key)
  if (known) known.push(holder)
  else index.set(key, [holder])
}

const listsOf = (index: Index, keys: readonly string[]): (readonly Holder[])[] => keys.flatMap((key) => [index.get(key) ?? []])
const lengthOf = (lists: readonly (readonly Holder[])[]): number => lists.reduce((sum, list) => sum + list.length, 0)

/** So many values are entered, or rules tried, in one step. */
const stepSize = 256

/** The rules that somebody holds, by what they say: of thousands only those are asked that may hold what is sought. */
export class HeldRules {
  readonly #by: Readonly<Record<Dimension, Index>> = {
    verbs: new Map(),
    apiGroups: new Map(),
    resources: new Map(),
    resourceNames: new Map(),
  }
  /** Rules for resources of any name. */
  readonly #unnamed: Holder[] = []
  readonly #paths: Index = new Map()
  /** What stands before the `*` at the end of a path. */
  readonly #prefixes: Index = new Map()
  readonly #prefixLengths = new Set<number>()

  static *of(rules: readonly PolicyRule[]): Steps<HeldRules> {
    const held = new HeldRules()
    for (const rule of rules) yield* held.#enter(new Holder(rule))
    return held
  }

  *#enter(holder: Holder): Steps<void> {
    let entered = 0
    for (const dimension of dimensions) {
      for (const value of holder.rule[dimension] ?? []) {
        note(this.#by[dimension], value, holder)
        if (++entered % stepSize === 0) yield
      }
    }
    if (!holder.rule.resourceNames?.length) this.#unnamed.push(holder)
    for (const path of holder.rule.nonResourceURLs ?? []) {
      this.#enterPath(path, holder)
      if (++entered % stepSize === 0) yield
    }
    yield
  }

  #enterPath(path: string, holder: Holder): void {
    note(this.#paths, path, holder)
    if (!path.endsWith('*')) return
    const prefix = path.replace(/\*+$/, '')
    note(this.#prefixes, prefix, holder)
    this.#prefixLengths.add(prefix.length)
  }

  /** Whether one of the rules allows it. */
  *holds(atom: Atom): Steps<boolean> {
    const isPath = atom.url !== undefined
    const lists = isPath ? this.#forPath(atom.url) : this.#forResource(atom)
    let tried = 0
    for (const list of lists) {
      for (const holder of list) {
        if (isPath ? holder.saysOrAll('verbs', atom.verb) : holder.holds(atom)) return true
        if (++tried % stepSize === 0) yield
      }
    }
    return false
  }

  /** Whether one of the rules allows all of a rule for resources. */
  *holdsAll(rule: PolicyRule): Steps<boolean> {
    const [verb, group, resource, name] = dimensions.map((dimension) => rule[dimension]?.[0])
    if (verb === undefined || group === undefined || resource === undefined || rule.nonResourceURLs?.length) return false
    for (const list of this.#forResource({ verb, group, resource, ...(name === undefined ? {} : { name }) })) {
      for (const holder of list) {
        if (holder.holdsAll(rule)) return true
        yield
      }
    }
    return false
  }

  /** Those of the part that fewest rules speak of. */
  #forResource({ verb, group = '', resource = '', name }: Atom): readonly (readonly Holder[])[] {
    const sub = anySubresource(resource)
    const { verbs, apiGroups, resources, resourceNames } = this.#by
    const all = [
      listsOf(verbs, [verb, '*']),
      listsOf(apiGroups, [group, '*']),
      listsOf(resources, sub === undefined ? [resource, '*'] : [resource, '*', sub]),
      [this.#unnamed, ...(name === undefined ? [] : listsOf(resourceNames, [name]))],
    ]
    return all.reduce((least, lists) => (lengthOf(lists) < lengthOf(least) ? lists : least))
  }

  #forPath(url: string): readonly (readonly Holder[])[] {
    const prefixes = [...this.#prefixLengths].filter((length) => length <= url.length).map((length) => url.slice(0, length))
    return [...listsOf(this.#paths, [url]), ...listsOf(this.#prefixes, prefixes)]
  }
}
