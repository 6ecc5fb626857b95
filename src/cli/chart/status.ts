// `slipway chart status NAME`.
import type { ObjectTable } from '../../helmlike/release/cluster.ts'
import { releaseObjects, releaseTables } from '../../helmlike/release/resources.ts'
import { table } from '../assembly/table.ts'
import { onlyArgument } from './flags/flags.ts'
import { revisionOf } from './flags/release-flags.ts'
import { colors } from './output/colors.ts'
import { formatOf, show } from './output/output.ts'
import { releaseText } from './output/release-text.ts'
import { connect, releaseData } from './release.ts'

export async function run(argv: string[]): Promise<number> {
  const { flags, releases } = await connect('status', argv)
  const r = await releases.revision(onlyArgument(flags, 'status NAME'), revisionOf(flags))
  if (formatOf(flags) === 'table') {
    const resources = tablesText(await releaseTables(releases.cluster, r))
    await show(flags, undefined, () => releaseText(r, colors(flags), { resources }))
    return 0
  }
  const resources = Object.fromEntries(await releaseObjects(releases.cluster, r))
  const { chart: _stripped, info, ...data } = releaseData(r)
  await show(flags, { ...data, info: { ...info, ...(Object.keys(resources).length > 0 ? { resources } : {}) } }, () => '')
  return 0
}

/** Each kind under its name, as kubectl prints tables. */
function tablesText(tables: ReadonlyMap<string, readonly ObjectTable[]>): string {
  let text = ''
  for (const [kind, list] of tables) {
    text += `==> ${kind}\n`
    for (const [i, t] of list.entries()) {
      const shown = t.columnDefinitions.flatMap(({ name, priority }, at) =>
        priority === 0 ? [{ name: name.toUpperCase(), at }] : [],
      )
      const rows = t.rows.map(({ cells }) => shown.map(({ at }) => String(cells[at] ?? '')))
      const [head = '', ...lines] = table(
        shown.map(({ name }) => name),
        rows,
      ).split('\n')
      text += [...(i === 0 ? [head] : []), ...lines].join('\n')
    }
    text += '\n'
  }
  return text
}
