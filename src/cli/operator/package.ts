import { existsSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { PolicyRule } from '../../apimachinery/kinds.generated.ts'
import { isCustomResource } from '../../crd/authoring/custom-resource.ts'
import { definitionProblems } from '../../crd/definition/problems.ts'
import type { Operator } from '../../operators/operator.ts'
import { rulesOf } from '../../operators/rules.ts'
import { conversionOf, webhooksOf } from '../../operators/webhooks/served-webhooks.ts'
import { operatorsIn } from '../assembly/user-operators.ts'
import { writeOperatorChart } from './packaging/chart.ts'
import { projectOf, writeImageContext } from './packaging/image-context.ts'

const help = `slipway operator package: a container image to build, and a chart that installs the operator

  slipway operator package FILE …

  --out DIR        default dist; DIR/image and DIR/chart are written anew
  --name NAME      of the chart and the image; default: of package.json, else of the operator
  --image REPO     where the image will be, such as registry.example.com/team/shop; default: NAME
  --base IMAGE     an image with Node 24 to build on, such as node:24-slim; default: none, this machine's Node is packed along

Example:
  slipway operator package operator.ts
  docker build -t shop:0.1.0 dist/image
  helm install shop dist/chart        (or: slipway chart install shop dist/chart)
`

/** `slipway operator package`. */
export async function run(argv: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      out: { type: 'string', default: 'dist' },
      name: { type: 'string' },
      image: { type: 'string' },
      base: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help || positionals.length === 0) {
    process.stdout.write(help)
    return values.help ? 0 : 2
  }
  const entries = positionals.map((file) => realpathSync(file))
  const operators = (await Promise.all(entries.map(operatorsIn))).flat()
  const facts = factsOf(entries[0] ?? '.', operators)
  const name = values.name ?? facts.name
  const repository = values.image ?? name
  const [image, chart] = [join(values.out, 'image'), join(values.out, 'chart')]
  for (const folder of [image, chart]) rmSync(folder, { recursive: true, force: true })
  const files = await writeImageContext(image, { entries, base: values.base })
  writeOperatorChart(chart, {
    name,
    version: facts.version,
    repository,
    webhookService: webhookServiceOf(operators),
    rules: mergedRules(operators.flatMap((operator) => rulesOf(operator))),
    definitions: operators.flatMap(definitionOf),
  })
  process.stdout.write(
    `${image}: ${files} modules. Build it: docker build -t ${repository}:${facts.version} ${image}\n${chart}: install it: helm install ${name} ${chart}\n`,
  )
  return 0
}

/** As the runtime calls it by default. */
function webhookServiceOf(operators: readonly Operator[]): string {
  const first = operators.find((o) => webhooksOf(o).length > 0 || conversionOf(o))
  return first ? `${first.name}-webhooks` : ''
}

function factsOf(entry: string, operators: readonly Operator[]): { name: string; version: string } {
  const path = join(projectOf(entry), 'package.json')
  const facts = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as { name?: string; version?: string }) : {}
  const name = (facts.name ?? operators[0]?.name ?? 'operator').replace(/^@.*\//, '').replaceAll(/[^a-z0-9-]/g, '-')
  return { name, version: facts.version ?? '0.1.0' }
}

function definitionOf({ definition, name }: Operator) {
  if (!isCustomResource(definition.for)) return []
  const problems = definitionProblems(definition.for.definition)
  if (problems.length > 0) throw new Error(`the kind of ${name} is no valid definition:\n${problems.join('\n')}`)
  return definition.for.definition
}

/** One rule for each resource, with all verbs. */
function mergedRules(rules: readonly PolicyRule[]): PolicyRule[] {
  const merged = new Map<string, PolicyRule>()
  for (const rule of rules) {
    const { verbs, ...rest } = rule
    const id = JSON.stringify(rest)
    merged.set(id, { ...rest, verbs: [...new Set([...(merged.get(id)?.verbs ?? []), ...verbs])] })
  }
  return [...merged.values()]
}
