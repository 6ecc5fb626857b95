// `slipway chart lint CHART…`: what is wrong with charts.
import { existsSync, readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { ChartError } from '../../helmlike/chart/chart.ts'
import type { ValueMap } from '../../helmlike/gotemplate/value.ts'
import { type Finding, lintChart } from '../../helmlike/package/lint.ts'
import { print, printError } from '../print.ts'
import { namespaceOf } from './flags/context-namespace.ts'
import { type Flags, type FlagTable, parseFlags, VALUE_FLAGS } from './flags/flags.ts'
import { valuesFromFlags } from './flags/values.ts'

export const FLAGS: FlagTable = {
  flags: {
    ...VALUE_FLAGS.flags,
    strict: 'bool',
    quiet: 'bool',
    'with-subcharts': 'bool',
    'skip-schema-validation': 'bool',
    'kube-version': 'value',
  },
  short: VALUE_FLAGS.short,
}

export async function run(argv: string[]): Promise<number> {
  const flags = parseFlags(argv, FLAGS)
  const paths = flags.args.length > 0 ? [...flags.args] : ['.']
  if (flags.has('with-subcharts')) paths.push(...paths.flatMap((path) => subcharts(join(path, 'charts'))))
  const values = await valuesFromFlags(flags)
  let [failed, worth] = [0, 0]
  let text = ''
  for (const path of paths) {
    const { shown, isBad, isWorthTelling } = await linted(path, values, flags)
    if (isBad) failed++
    if (isWorthTelling) worth++
    text += shown
  }
  await print(text)
  const summary = `${paths.length} chart(s) linted, ${failed} chart(s) failed`
  if (failed > 0) throw new Error(summary)
  if (!flags.has('quiet') || worth > 0) await print(`${summary}\n`)
  return 0
}

/** What is shown of a chart. */
async function linted(
  path: string,
  values: ValueMap,
  flags: Flags,
): Promise<{ shown: string; isBad: boolean; isWorthTelling: boolean }> {
  const heading = `==> Linting ${path}\n`
  let findings: readonly Finding[]
  try {
    findings = await lintChart(path, values, {
      namespace: namespaceOf(flags),
      skipSchemas: flags.has('skip-schema-validation'),
      loadSchema: async (url) => (await import('./load-schema.ts')).loadSchema(url),
      kubeVersion: flags.get('kube-version'),
      warn: (message) => void printError(`warning: ${message}\n`),
    })
  } catch (e) {
    if (!(e instanceof ChartError)) throw e
    return { shown: `${heading}Error ${e.message}\n\n`, isBad: true, isWorthTelling: true }
  }
  const isWorthTelling = findings.some((f) => f.severity !== 'INFO')
  if (flags.has('quiet') && !isWorthTelling) return { shown: '', isBad: false, isWorthTelling }
  const isBad = findings.some((f) => f.severity === 'ERROR' || (f.severity === 'WARNING' && flags.has('strict')))
  const lines = findings
    .filter((f) => !flags.has('quiet') || f.severity !== 'INFO')
    .map((f) => `[${f.severity}] ${f.path}: ${f.message}\n`)
  return { shown: `${heading}${lines.join('')}\n`, isBad, isWorthTelling }
}

/** Every chart below a folder, at any depth. */
function subcharts(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => join(folder, name))
    .flatMap((path) => (basename(path) === 'Chart.yaml' ? [dirname(path)] : /\.(?:tgz|tar\.gz)$/.test(path) ? [path] : []))
}
