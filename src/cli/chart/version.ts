// `slipway chart version`: the version of Helm whose charts and releases these are, in Helm's form.
import { HELM_VERSION } from '../../helmlike/chart/capabilities.ts'
import { type FlagTable, parseFlags } from './flags/flags.ts'

export const FLAGS: FlagTable = { flags: { short: 'bool', template: 'value' }, short: {} }

const BUILD = {
  Version: HELM_VERSION,
  GitCommit: '',
  GitTreeState: '',
  GoVersion: 'go1.26.8',
  KubeClientVersion: 'v1.37',
}

export async function run(argv: string[]): Promise<number> {
  const flags = parseFlags(argv, FLAGS)
  const template = flags.get('template')
  if (template) {
    const { executed } = await import('./output/go-template.ts')
    const { GoStruct } = await import('../../helmlike/gotemplate/value.ts')
    process.stdout.write(executed(template, new GoStruct('version.BuildInfo', new Map(Object.entries(BUILD)))))
    return 0
  }
  const fields = Object.entries(BUILD).map(([name, value]) => `${name}:${JSON.stringify(value)}`)
  process.stdout.write(flags.has('short') ? `${BUILD.Version}\n` : `version.BuildInfo{${fields.join(', ')}}\n`)
  return 0
}
