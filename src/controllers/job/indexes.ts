// Sets of completion indexes, in a Job's status as text: `1,3-5,7`. Pure.

/** The indexes of `text`, those of 0 … `count` - 1 only. */
export function parseIndexes(text: string | undefined, count: number): Set<number> {
  const found = new Set<number>()
  for (const part of (text ?? '').split(',')) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part)
    if (!match) continue
    const last = Math.min(Number(match[2] ?? match[1]), count - 1)
    for (let i = Number(match[1]); i <= last; i++) found.add(i)
  }
  return found
}

export function formatIndexes(indexes: Iterable<number>): string {
  const sorted = [...indexes].sort((a, b) => a - b)
  const ranges: string[] = []
  for (let i = 0; i < sorted.length; ) {
    let end = i
    while (sorted[end + 1] === (sorted[end] as number) + 1) end++
    ranges.push(end === i ? `${sorted[i]}` : end === i + 1 ? `${sorted[i]},${sorted[end]}` : `${sorted[i]}-${sorted[end]}`)
    i = end + 1
  }
  return ranges.join(',')
}
