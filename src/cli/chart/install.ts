// `slipway chart install [NAME] CHART`.
import { chartForRelease } from './locate.ts'
import { releaseData, show } from './output.ts'
import { connect, shown } from './release.ts'
import { nameAndChart } from './release-name.ts'
import { checkName } from './template.ts'
import { valuesFromFlags } from './values.ts'

export async function run(argv: string[]): Promise<number> {
  const { flags, releases } = await connect('install', argv)
  const [name, reference] = await nameAndChart(flags, 'install')
  checkName(name)
  const r = await releases.install(name, await chartForRelease(reference, flags), await valuesFromFlags(flags))
  await show(flags, releaseData(r), () => shown(r, flags))
  return 0
}
