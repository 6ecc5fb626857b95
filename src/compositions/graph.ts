/** Puts ids into an order in which each comes after those it depends on, else as they were given; or says which depend on each other. */
export function orderOf(dependencies: ReadonlyMap<string, ReadonlySet<string>>): { order: string[] } | { cycle: string[] } {
  const order: string[] = []
  const done = new Set<string>()
  const path: string[] = []
  const visit = (id: string): string[] | undefined => {
    if (done.has(id)) return undefined
    const again = path.indexOf(id)
    if (again >= 0) return [...path.slice(again), id]
    path.push(id)
    for (const other of dependencies.get(id) ?? []) {
      const cycle = visit(other)
      if (cycle) return cycle
    }
    path.pop()
    done.add(id)
    order.push(id)
    return undefined
  }
  for (const id of dependencies.keys()) {
    const cycle = visit(id)
    if (cycle) return { cycle }
  }
  return { order }
}
