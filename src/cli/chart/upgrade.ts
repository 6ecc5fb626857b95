// `slipway chart upgrade NAME CHART`, with --install for what is not there yet.

import type { Chart } from '../../helmlike/chart/chart.ts'
import { mergeMaps } from '../../helmlike/chart/read-values.ts'
import { coalesceTables } from '../../helmlike/chart/values.ts'
import type { ValueMap } from '../../helmlike/gotemplate/value.ts'
import type { Releases } from '../../helmlike/release/operations.ts'
import { fromPlain } from '../../helmlike/yaml/json.ts'
import { FlagError, type Flags } from './flags/flags.ts'
import { chartForRelease } from './flags/locate.ts'
import { valuesFromFlags } from './flags/values.ts'
import { colors } from './output/colors.ts'
import { formatOf, show } from './output/output.ts'
import { releaseText } from './output/release-text.ts'
import { connect, failingAs, print, releaseData } from './release.ts'

/** The values of an upgrade: the given ones, or over the release's with --reuse-values or when none are given. */
export async function upgradeValues(flags: Flags, releases: Releases, name: string, chart: Chart): Promise<ValueMap> {
  const given = await valuesFromFlags(flags)
  const old = (await releases.history(name)).findLast((r) => r.info.status === 'deployed')
  if (!old || flags.has('reset-values')) return given
  const config = fromPlain(old.config) as ValueMap
  if (flags.has('reuse-values')) {
    const defaults = fromPlain(old.chart.values ?? {}) as ValueMap
    chart.values = coalesceTables(defaults, chart.values ?? new Map(), '', false, () => {})
    return mergeMaps(config, given)
  }
  if (flags.has('reset-then-reuse-values')) return mergeMaps(config, given)
  return given.size === 0 ? config : given
}

export async function run(argv: string[]): Promise<number> {
  const { flags, releases } = await connect('upgrade', argv)
  if (flags.args.length !== 2)
    throw new FlagError('"slipway chart upgrade" requires 2 arguments', 'use slipway chart upgrade NAME CHART')
  const [name, reference] = flags.args as [string, string]
  const chart = await chartForRelease(reference, flags)
  const last = flags.has('install') ? (await releases.history(name)).at(-1) : undefined
  const isNew = flags.has('install') && (last === undefined || last.info.status === 'uninstalled')
  const isTable = formatOf(flags) === 'table'
  if (isNew && isTable) print(`Release ${JSON.stringify(name)} does not exist. Installing it now.`)
  const r = isNew
    ? await releases.install(name, chart, await valuesFromFlags(flags))
    : await failingAs('UPGRADE FAILED', async () =>
        releases.upgrade(name, chart, await upgradeValues(flags, releases, name, chart)),
      )
  if (!isNew && isTable) print(`Release ${JSON.stringify(name)} has been upgraded. Happy Helming!`)
  const hidden = { hideNotes: flags.has('hide-notes'), hideSecret: flags.has('hide-secret') }
  await show(flags, releaseData(r), () => releaseText(r, colors(flags), hidden))
  return 0
}
