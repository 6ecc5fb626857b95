// `slipway chart install [NAME] CHART`.

import { chartForRelease } from './flags/locate.ts'
import { nameAndChart } from './flags/release-name.ts'
import { valuesFromFlags } from './flags/values.ts'
import { colors } from './output/colors.ts'
import { show } from './output/output.ts'
import { releaseText } from './output/release-text.ts'
import { connect, failingAs, releaseData } from './release.ts'
import { checkName } from './template.ts'

export async function run(argv: string[]): Promise<number> {
  const { flags, releases } = await connect('install', argv)
  const r = await failingAs('INSTALLATION FAILED', async () => {
    const [name, reference] = await nameAndChart(flags, 'install')
    checkName(name)
    return releases.install(name, await chartForRelease(reference, flags), await valuesFromFlags(flags))
  })
  const hidden = { hideNotes: flags.has('hide-notes'), hideSecret: flags.has('hide-secret') }
  await show(flags, releaseData(r), () => releaseText(r, colors(flags), hidden))
  return 0
}
