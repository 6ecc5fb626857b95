// Tables as Helm prints them: cells padded to the width of their column, with a tab between.

import { shownLength } from './colors.ts'

/** Longer cells end in `...`; a width of 0 is no limit. */
export function table(rows: readonly (readonly string[])[], maxWidth = 0): string {
  const widths: number[] = []
  for (const row of rows) {
    for (const [i, cell] of row.entries()) {
      const length = shownLength(cell)
      widths[i] = Math.max(widths[i] ?? 0, maxWidth > 0 ? Math.min(length, maxWidth) : length)
    }
  }
  const line = (row: readonly string[]) => row.map((cell, i) => sized(cell, widths[i] ?? 0)).join('\t')
  return `${rows.map(line).join('\n')}\n`
}

function sized(cell: string, width: number): string {
  const length = shownLength(cell)
  if (length <= width) return cell + ' '.repeat(width - length)
  return `${[...cell].slice(0, Math.max(1, width - 3)).join('')}...`
}
