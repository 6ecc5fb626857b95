/** An entry of a set, a verdict map or a chain that all Services share. */
export interface Element {
  readonly set: string
  readonly key: string
  /** Where what matches `key` goes; none in a plain set. */
  readonly value?: string
}

/** What one Service puts into the kernel, in the words of one backend. Names of chains and sets are its own; elements are in shared ones. */
export interface Rules {
  readonly chains: ReadonlyMap<string, readonly string[]>
  /** Name → definition. */
  readonly sets: ReadonlyMap<string, string>
  readonly elements: readonly Element[]
}

/** From what the kernel has to what it must have: only what differs. */
export interface Change {
  readonly sets: readonly (readonly [name: string, definition: string])[]
  /** Chains to fill; those that were there must be emptied first. */
  readonly chains: readonly { readonly name: string; readonly rules: readonly string[]; readonly isNew: boolean }[]
  readonly removed: readonly Element[]
  readonly added: readonly Element[]
  readonly goneChains: readonly string[]
  readonly goneSets: readonly string[]
}

export const isEmpty = (change: Change): boolean => Object.values(change).every((list) => list.length === 0)

/** Marks what came in from outside, in case it must leave to another machine (the bit kube-proxy uses for the same). */
export const outsideMark = '0x4000'

const idOf = ({ set, key }: Element): string => `${set} ${key}`

/**
 * What is in the kernel, by Service. `replace` changes it and says what differs. Two Services that ask for the same address:
 * the first has it, the other gets it when the first goes.
 */
export class Ruleset {
  readonly #rules = new Map<string, Rules>()
  readonly #holders = new Map<string, Map<string, Element>>()

  /** The rules of the Service `key` become `next` (undefined: none). */
  replace(key: string, next: Rules | undefined): Change {
    const before = this.#rules.get(key)
    if (next) this.#rules.set(key, next)
    else this.#rules.delete(key)
    return { ...chainChanges(before, next), ...this.#changeElements(key, before?.elements ?? [], next?.elements ?? []) }
  }

  /** Everything, as a change from nothing. */
  all(): Change {
    const parts = [...this.#rules.values()].map((rules) => chainChanges(undefined, rules))
    return {
      sets: parts.flatMap((p) => p.sets),
      chains: parts.flatMap((p) => p.chains),
      removed: [],
      added: [...this.#holders.values()].flatMap((holders) => first(holders) ?? []),
      goneChains: [],
      goneSets: [],
    }
  }

  #changeElements(key: string, before: readonly Element[], next: readonly Element[]): Pick<Change, 'added' | 'removed'> {
    const touched = new Map([...before, ...next].map((e) => [idOf(e), first(this.#holders.get(idOf(e)))]))
    const wanted = new Set(next.map(idOf))
    for (const element of before) if (!wanted.has(idOf(element))) this.#release(key, element)
    for (const element of next) {
      const holders = this.#holders.get(idOf(element)) ?? new Map<string, Element>()
      this.#holders.set(idOf(element), holders.set(key, element))
    }
    const added: Element[] = []
    const removed: Element[] = []
    for (const [id, was] of touched) {
      const is = first(this.#holders.get(id))
      if (was?.value === is?.value && (was === undefined) === (is === undefined)) continue
      if (was) removed.push(was)
      if (is) added.push(is)
    }
    return { added, removed }
  }

  #release(key: string, element: Element): void {
    const holders = this.#holders.get(idOf(element))
    holders?.delete(key)
    if (holders?.size === 0) this.#holders.delete(idOf(element))
  }
}

const first = (holders: ReadonlyMap<string, Element> | undefined): Element | undefined => holders?.values().next().value

function chainChanges(before: Rules | undefined, next: Rules | undefined): Omit<Change, 'added' | 'removed'> {
  const isSame = (old: readonly string[] | undefined, rules: readonly string[]) =>
    old?.length === rules.length && rules.every((rule, i) => rule === old[i])
  return {
    sets: [...(next?.sets ?? [])].filter(([name, definition]) => before?.sets.get(name) !== definition),
    chains: [...(next?.chains ?? [])].flatMap(([name, rules]) => {
      const old = before?.chains.get(name)
      return isSame(old, rules) ? [] : [{ name, rules, isNew: old === undefined }]
    }),
    goneChains: [...(before?.chains.keys() ?? [])].filter((name) => !next?.chains.has(name)),
    goneSets: [...(before?.sets.keys() ?? [])].filter((name) => !next?.sets.has(name)),
  }
}
