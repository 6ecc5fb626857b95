// `slipway chart install [NAME] CHART`.
import { colors } from './colors.ts'
import { chartForRelease } from './locate.ts'
import { show } from './output.ts'
import { connect, failingAs, releaseData } from './release.ts'
import { nameAndChart } from './release-name.ts'
import { releaseText } from './release-text.ts'
import { checkName } from './template.ts'
import { valuesFromFlags } from './values.ts'

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
