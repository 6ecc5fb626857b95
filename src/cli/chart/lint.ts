// `slipway chart lint CHART…`: what is wrong with charts.
import { lintChart } from '../../helmlike/package/lint.ts'
import { type FlagTable, parseFlags, VALUE_FLAGS } from './flags.ts'
import { valuesFromFlags } from './values.ts'

const FLAGS: FlagTable = {
  flags: { ...VALUE_FLAGS.flags, strict: 'bool', quiet: 'bool', namespace: 'value', 'skip-schema-validation': 'bool' },
  short: { ...VALUE_FLAGS.short, n: 'namespace' },
}

export async function run(argv: string[]): Promise<number> {
  const flags = parseFlags(argv, FLAGS)
  const paths = flags.args.length > 0 ? flags.args : ['.']
  const values = await valuesFromFlags(flags)
  const bad = flags.has('strict') ? ['ERROR', 'WARNING'] : ['ERROR']
  let failed = 0
  for (const path of paths) {
    const findings = await lintChart(path, values, {
      namespace: flags.get('namespace') ?? 'default',
      strict: flags.has('strict'),
      skipSchemas: flags.has('skip-schema-validation'),
    })
    const isBad = findings.some((f) => bad.includes(f.severity))
    if (isBad) failed++
    const shown = flags.has('quiet') ? findings.filter((f) => f.severity !== 'INFO') : findings
    process.stdout.write(`==> Linting ${path}\n${shown.map((f) => `[${f.severity}] ${f.path}: ${f.message}\n`).join('')}\n`)
  }
  process.stdout.write(`${paths.length} chart(s) linted, ${failed} chart(s) failed\n`)
  return failed > 0 ? 1 : 0
}
